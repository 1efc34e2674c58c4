"""Six customers a second, and nothing goes wrong; if anything did, it would be over after 20 s."""

from __future__ import annotations

from studio import S, Scenario, phases, service_time, workload

from .contracts import Question

scenario = Scenario("calm", duration="40s")
workload(S.Shop.show, rate_per_s=6, arrivals="fixed", like=Question)
service_time(S.Prices.find, "200ms")
phases(quiet="10s", heal="20s")
