import Reporting

extension APIPart {
    static let spend = APIPart(
        tag: "spend",
        text: "What requests came to in a period, from the roll-ups.",
        operations: [
            Operation(
                .get,
                "/admin/v1/spend",
                "reportSpend",
                "Reports where the credits went",
                "Whole days of `budgets.time_zone`; without `from` and `to` the running month up to today. Not paged.",
                role: .viewer,
                parameters: Parameter.period("The first of the running month when absent.") + [
                    .query("group_by", .choice(SpendGrouping.self), "What the items are: `team` when absent."),
                    .query("format", .choice(of: ["json", "csv"]), "`json` when absent. `Accept` is not looked at."),
                ],
                replies: [
                    Reply(
                        200,
                        "The report. As CSV (RFC 4180): a header line, a line for each item, and the total.",
                        content: [
                            ("application/json", .named("SpendReport")), ("text/csv; charset=utf-8", .text),
                        ],
                        example: example
                    )
                ]
            )
        ],
        schemas: [
            ("SpendCounts", .object(countMembers)),
            (
                "SpendItem",
                .object(
                    SpendGrouping.allCases.map { grouping in
                        .optional(
                            grouping.rawValue,
                            .text.orNull.about("With `group_by=\(grouping.rawValue)`; null for what belongs to none.")
                        )
                    } + countMembers
                )
            ),
            (
                "SpendReport",
                .object([
                    .init("from", .time), .init("to", .time), .init("time_zone", .text),
                    .init("group_by", .choice(SpendGrouping.self)), .init("items", .list(of: .named("SpendItem"))),
                    .init("total", .named("SpendCounts")),
                ])
            ),
        ]
    )

    static let countMembers: [Schema.Member] = [
        .init("spent", Schema.credits.about("What the vendor said that it charged; without `unconfirmed`.")),
        .init("unconfirmed", Schema.credits.about("Estimates of calls whose outcome nobody knows.")),
        .init("saved", Schema.credits.about("What the vendor would have charged for `hits` and `collapsed`.")),
        .init("requests", Schema.count.about("`hits`, `collapsed`, `misses` and `denied` together.")),
        .init("hits", .count), .init("collapsed", .count), .init("misses", .count), .init("denied", .count),
    ]

    private static let counts = """
        "spent": 8100.5, "unconfirmed": 2, "saved": 12400, "requests": 9800, "hits": 6100, "collapsed": 80, \
        "misses": 3600, "denied": 20
        """

    private static let example = """
        {"from": "2026-11-01T00:00:00Z", "to": "2026-11-30T00:00:00Z", "time_zone": "UTC", "group_by": "team",
         "items": [{"team": "legal", \(counts)}], "total": {\(counts)}}
        """
}
