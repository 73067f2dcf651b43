"""For `manage.py shell`: delivery, a discount code and policies, which a plain shop has none of."""

from django.utils import timezone

from demo.seed.policies import add_policies
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode

for position, (name, days, price) in enumerate([("Standard", (3, 5), 5), ("Express", (1, 2), 12)]):
    method = DeliveryMethod.objects.create(name=name, min_days=days[0], max_days=days[1], position=position)
    DeliveryRate.objects.create(method=method, price=price)
DiscountCode.objects.create(code="WELCOME10", percent=10)
add_policies(now=timezone.now())
