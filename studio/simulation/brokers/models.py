"""Find the delivery model that a name stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.model.delivery import check_bus
from studio.simulation.brokers.jetstream import JetStream
from studio.simulation.brokers.kafka import Kafka
from studio.simulation.brokers.rabbitmq import RabbitMQ

if TYPE_CHECKING:
    from studio.simulation.brokers.broker import DeliveryModel
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["model_of"]

_MODELS: dict[str, Callable[[Cluster], DeliveryModel]] = {
    "jetstream": JetStream,
    "rabbitmq": RabbitMQ,
    "kafka": Kafka,
}


def model_of(bus: str) -> Callable[[Cluster], DeliveryModel]:
    """Return what makes a delivery model for a cluster.

    Raises:
        UnknownBus: There is none of that name.
    """
    return _MODELS[check_bus(bus, what="bus")]
