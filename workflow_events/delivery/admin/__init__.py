"""The admin site: the event log and the ledger, to be read, and deliveries to be repaired."""

from django.contrib import admin

from workflow_events.delivery.admin.deliveries import DeliveryPages
from workflow_events.delivery.admin.events import LoggedEventPages
from workflow_events.delivery.models import Delivery, LoggedEvent

admin.site.site_header = admin.site.site_title = "workflow-events"
admin.site.index_title = "Administration"
admin.site.site_url = None  # the service has no pages but these

admin.site.register(LoggedEvent, LoggedEventPages)
admin.site.register(Delivery, DeliveryPages)
