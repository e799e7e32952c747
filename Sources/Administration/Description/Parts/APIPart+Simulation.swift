import Forms
import Reporting

extension APIPart {
    static let simulation = APIPart(
        tag: "simulation",
        text: "What a period would have come to under other terms.",
        operations: [
            Operation(
                .post,
                "/admin/v1/simulate",
                "simulate",
                "Replays a team's period under other budgets or another `cache.ttl`",
                "Give `budgets`, `ttl` or both. Reads only. One simulation runs at a time (503 `overloaded`).",
                role: .viewer,
                body: Operation.Body(
                    .named("SimulationQuestion"),
                    example: #"{"team": "legal", "budgets": [{"window": "month", "credits": 4000}]}"#
                ),
                replies: [.ok("What would have been.", .named("Simulation"), example: example), .error(.notFound)]
            )
        ],
        schemas: [
            (
                "SimulationQuestion",
                .form([
                    .init("team", .text),
                    .optional("budgets", Schema.list(of: .named("NewBudget"), atMost: FormLimits.budgets).orNull),
                    .optional("ttl", Schema.duration.orNull), .optional("from", Schema.dayOrMoment.orNull),
                    .optional("to", Schema.dayOrMoment.orNull),
                ])
            ),
            (
                "Simulation",
                .object([
                    .init("team", .identifier), .init("from", .day), .init("to", .day), .init("time_zone", .text),
                    .init("until", Schema.time.about("Up to when calls were replayed.")),
                    .init("refused_from", Schema.time.orNull.about("The first refusal; null for none.")),
                    .init("refused", .count),
                    .init("would_have_refused", Schema.count.about("By the shadow budgets that were tried out.")),
                    .init("spent", .credits), .init("unconfirmed", .credits),
                    .init("saved", Schema.credits.about("What `hits` cost: so much more would have been saved.")),
                    .init("calls", .count), .init("hits", .count),
                    .init("exactness", .choice(WhatIfAnswer.Exactness.self)), .init("exactness_reason", .text),
                    .init("was", Schema.named("SpendCounts").about("What the period really came to.")),
                ])
            ),
        ]
    )

    private static let example = """
        {"team": "legal", "from": "2026-11-01", "to": "2026-11-29", "time_zone": "UTC", "until": "2026-11-29T10:00:00Z",
         "refused_from": "2026-11-21T14:03:11.204Z", "refused": 112, "would_have_refused": 0, "spent": 3999,
         "unconfirmed": 0, "saved": 0, "calls": 1904, "hits": 0, "exactness": "exact",
         "exactness_reason": "Every call of the period was replayed.",
         "was": {"spent": 4180, "unconfirmed": 0, "saved": 0, "requests": 1904, "hits": 0, "collapsed": 0,
                 "misses": 1904, "denied": 0}}
        """
}
