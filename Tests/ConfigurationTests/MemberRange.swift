import Testing

/// A member with values, as JSON, that it takes and values that it does not, and what is said of the latter.
struct MemberRange: Sendable, CustomTestStringConvertible {
    let path: String
    let good: [String]
    let bad: [String]
    let message: String

    var testDescription: String { "\(path): \(message)" }

    init(_ path: String, good: [String] = [], bad: [String], _ message: String) {
        self.path = path
        self.good = good
        self.bad = bad
        self.message = message
    }

    static let all: [MemberRange] = [
        durations, sizes, wholeNumbers, choices, budgets, credits, identifiers, times, addresses, texts, files, shares,
        others,
    ].flatMap { $0 }

    private static func quoted(_ texts: [String]) -> [String] { texts.map { "\"\($0)\"" } }

    private static let positiveDurations = [
        "listen.header_timeout", "listen.body_timeout", "listen.idle_timeout", "upstream.connect_timeout",
        "upstream.response_timeout", "upstream.idle_timeout", "upstream.queue_timeout",
        "upstream.circuit_breaker.window", "upstream.circuit_breaker.open_for", "cache.ttl",
        "alerts.expiry_notice",
    ]
    private static let otherDurations = [
        "listen.drain_timeout", "listen.drain_delay", "store.stale_for", "cache.stale_if_error", "cache.negative_ttl",
        "cache.classifier_ttl",
    ]

    private static let durations: [MemberRange] = {
        let form = #"must be a duration like "250ms", "30s", "15m", "24h" or "30d""#
        let noDurations = ["30", "30 s", "-1s", "1.5s", "1w", "30S", "", "64KiB", "9223372036854775807d"]
        var ranges: [MemberRange] = []
        for path in positiveDurations + otherDurations {
            ranges.append(MemberRange(path, bad: quoted(noDurations), form))
            let tooLong = quoted(["3651d", "87601h"])
            ranges.append(MemberRange(path, good: quoted(["1ms", "3650d"]), bad: tooLong, "must be at most 3650d"))
        }
        for path in positiveDurations {
            ranges.append(MemberRange(path, bad: quoted(["0s", "0ms"]), "must be longer than nothing"))
        }
        return ranges
    }()

    private static let sizes: [MemberRange] = {
        let form = #"must be a size like "512B", "64KiB", "256MiB" or "1GiB""#
        let noSizes = ["1024", "1KB", "1kib", "1 MiB", "-1B", "1TiB", "", "30s", "9223372036854775807GiB"]
        let rows: [(String, String, String, String, String)] = [
            ("listen.max_header_bytes", "256B", "1MiB", "255B", "1025KiB"),
            ("listen.max_body_bytes", "1B", "1GiB", "0B", "1025MiB"),
            ("upstream.max_response_bytes", "1B", "1GiB", "0B", "1025MiB"),
            ("passthrough.max_body_bytes", "1B", "1024GiB", "0B", "1025GiB"),
            ("cache.memory", "64KiB", "16384GiB", "65535B", "16385GiB"),
        ]
        var ranges: [MemberRange] = []
        for (path, low, high, tooLow, tooHigh) in rows {
            let bad = quoted([tooLow, tooHigh])
            ranges.append(MemberRange(path, good: quoted([low, high]), bad: bad, "must be from \(low) to \(high)"))
            ranges.append(MemberRange(path, bad: quoted(noSizes), form))
        }
        return ranges
    }()

    private static let wholeNumbers: [MemberRange] = {
        let rows: [(String, Int, Int)] = [
            ("listen.workers", 0, 1_024), ("listen.max_connections", 1, 10_000_000),
            ("upstream.keys[0].weight", 1, 1_000_000), ("upstream.max_concurrency", 1, 100_000),
            ("upstream.max_queue", 0, 1_000_000), ("upstream.assumed_pages", 1, 1_000_000),
            ("upstream.circuit_breaker.failures", 1, 1_000_000), ("budgets.exceeded_status", 400, 499),
            ("teams[0].max_concurrency", 1, 1_000_000),
        ]
        return rows.map { path, low, high in
            MemberRange(
                path,
                good: ["\(low)", "\(high)"],
                bad: ["\(low - 1)", "\(high + 1)", "\(low).5", "1e3", "99999999999999999999"],
                "must be a whole number from \(low) to \(high)"
            )
        }
    }()

    private static let choices: [MemberRange] = {
        let rows: [(String, [String])] = [
            ("admin.tokens[0].role", ["viewer", "operator", "admin"]),
            ("cache.scope", ["organization", "team"]),
            ("cache.schema_order", ["insignificant", "significant"]),
            ("cache.hit_credits_used", ["original", "zero"]),
            ("teams[0].cache_scope", ["organization", "team"]),
            ("log.format", ["json", "text"]),
            ("log.level", ["trace", "debug", "info", "notice", "warning", "error", "critical"]),
        ]
        return rows.map { path, names in
            MemberRange(
                path,
                good: quoted(names),
                bad: quoted(["", "x", names[0].uppercased(), names[0] + " "]),
                "must be one of " + quoted(names).joined(separator: ", ")
            )
        }
    }()

    private static let budgets: [MemberRange] = {
        let paths = [
            "budgets.organization[0]", "teams[0].budgets[0]", "teams[0].budgets[1]", "teams[0].keys[0].budgets[0]",
        ]
        let names = quoted(["day", "week", "month", "total"]).joined(separator: ", ")
        return paths.map {
            MemberRange(
                $0 + ".window",
                good: quoted(["week"]),
                bad: quoted(["", "hour", "Day"]),
                "must be one of \(names)"
            )
        } + [
            MemberRange(
                "teams[0].budgets[1].window",
                bad: quoted(["day"]),
                "stands twice; give one budget for each window, and one with enforce false"
            ),
            MemberRange(
                "teams[0].budgets[1].alert_at[0]",
                good: ["0.000001", "10"],
                bad: ["0", "-0.5", "10.1", "0.0000001"],
                "must be a share of the limit, like 0.8"
            ),
        ]
    }()

    private static let credits: [MemberRange] = [
        "budgets.organization[0].credits", "teams[0].budgets[0].credits", "teams[0].keys[0].budgets[0].credits",
        "upstream.keys[0].monthly_credits", "upstream.credits_per_page.gpt-4o",
    ].map {
        MemberRange(
            $0,
            good: ["0", "0.000001", "1e3", "1000000000"],
            bad: ["-1", "0.0000001", "1e99", "1000000000.000001"],
            "must be a number of credits, 0 or more, with at most 6 decimals"
        )
    }

    private static let identifiers: [MemberRange] = [
        "upstream.keys[0].id", "teams[0].id", "teams[0].keys[0].id",
    ].map {
        MemberRange(
            $0,
            good: quoted(["a", "A-b_c.9", String(repeating: "x", count: 64)]),
            bad: quoted(["", "a b", "a/b", "ä", #"a\n"#, String(repeating: "x", count: 65)]),
            "must be 1 to 64 letters, digits, dots, hyphens or underscores"
        )
    }

    private static let times: [MemberRange] = {
        let good = [
            "upstream.keys[0].not_before": "2026-12-31T23:59:59.5+00:00",
            "upstream.keys[0].not_after": "2026-01-01T00:00:00.000001Z",
            "teams[0].keys[0].not_after": "2020-01-01T00:00:00Z",
        ]
        let bad = ["", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "tomorrow"]
        return good.sorted { $0.key < $1.key }.map { path, time in
            MemberRange(
                path,
                good: quoted([time]),
                bad: quoted(bad),
                #"must be a time like "2027-01-01T00:00:00Z""#
            )
        } + [
            MemberRange(
                "upstream.keys[0].not_after",
                bad: quoted(["2026-01-01T00:00:00Z", "2025-12-31T00:00:00Z"]),
                "must be later than not_before"
            )
        ]
    }()

    private static let addresses: [MemberRange] =
        ["listen.address", "admin.address"].map {
            MemberRange(
                $0,
                good: quoted(["0.0.0.0:0", "[::]:65535", "localhost:1"]),
                bad: quoted(["", "8080", ":8080", "h:", "h:65536", "h:+1", "::1:80", "[::1]", "[x]:1", "*:80", "a b:1"]
                ),
                #"must be host:port or [v6]:port, like "127.0.0.1:8080""#
            )
        } + [
            MemberRange(
                "alerts.webhook_url",
                good: quoted(["https://h/p?q=1", "http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:9"]),
                bad: quoted([
                    "http://h/p", "http://127.example.com/", "ftp://h", "https://", "https://h/a b", "https://h/?a b",
                    "https://h/#f", "https://u:p@h/", "h",
                ]),
                "must be an https address, or http to loopback"
            ),
            MemberRange(
                "store.url",
                good: quoted(["sqlite:/var/lib/t.db"]),
                bad: quoted(["", "sqlite:", "tollgate.db", "mysql://h/d", "SQLITE:x"]),
                "must be sqlite:PATH or postgresql://…"
            ),
        ]

    private static let texts: [MemberRange] =
        ["passthrough.prefixes[0]", "teams[0].models[1]"].map {
            MemberRange($0, bad: quoted([""]), "must be a string that is not empty")
        }
        + [
            "admin.tokens[0].name", "upstream.keys[0].account", "passthrough.spending[0].method",
            "passthrough.spending[0].path", "teams[0].name", "alerts.webhook_url",
        ].map { MemberRange($0, bad: quoted([""]), "must not be empty") }

    private static let files: [MemberRange] = [
        ("listen.tls.certificate_file", "server.pem"), ("listen.tls.private_key_file", "server.key"),
        ("listen.tls.client_ca_file", "ca.pem"), ("admin.tls.certificate_file", "server.pem"),
        ("admin.tls.private_key_file", "server.key"), ("admin.tls.client_ca_file", "ca.pem"),
        ("upstream.ca_file", "ca.pem"),
    ].map {
        MemberRange(
            $0.0,
            good: quoted([$0.1]),
            bad: quoted(["nowhere.pem"]),
            "file nowhere.pem cannot be read; create it or correct the path"
        )
    }

    private static let shares: [MemberRange] = ["alerts.unconfirmed_share", "alerts.drift_share"].map {
        MemberRange(
            $0,
            good: ["0.000001", "1", "1e-3"],
            bad: ["0", "-0.1", "1.000001", "2", "1e300", "0.0000001", "9223372036854775808", "\"0.1\""],
            "must be a share like 0.05: above 0, at most 1, with at most 6 decimals"
        )
    }

    private static let others: [MemberRange] = [
        MemberRange(
            "budgets.time_zone",
            good: quoted(["UTC", "Europe/Zurich", "America/New_York"]),
            bad: quoted(["", "Europe/Zuerich", "Mars"]),
            #"is no time zone; give one like "UTC" or "Europe/Zurich""#
        ),
        MemberRange(
            "teams[0].requests_per_second",
            good: ["0.000001", "1e3"],
            bad: ["0", "-1", "0.0000001"],
            "must be a number above 0 with at most 6 decimals"
        ),
        MemberRange(
            "log.access_sample",
            good: ["0", "0.000001", "0.5", "1", "1.000000", "1e-3"],
            bad: ["-1", "-0.1", "1.000001", "2", "0.0000001", "1e99", "true", "null", "\"0.5\""],
            "must be a share from 0 to 1 with at most 6 decimals, like 0.01"
        ),
        MemberRange(
            "passthrough.prefixes[1]",
            good: quoted(["/"]),
            bad: quoted(["v1/"]),
            "must begin with a slash"
        ),
        MemberRange(
            "passthrough.spending[1].method",
            good: quoted(["PATCH"]),
            bad: quoted(["get", "G T"]),
            "must be a method in capital letters, like GET"
        ),
        MemberRange(
            "passthrough.spending[1].path",
            good: quoted(["/v1"]),
            bad: quoted(["v1"]),
            "must begin with a slash"
        ),
        MemberRange(
            "admin.hosts[0]",
            good: quoted(["a.example.com", "a:1", "[::1]", "[::1]:9090", "10.0.0.1"]),
            bad: quoted(["a b", "http://a", "a/b", ":1", "::1", "a:70000"]),
            "must be a host with or without a port, like \"tollgate.example.com\""
        ),
        MemberRange(
            "store.ledger_retention",
            good: quoted(["keep", "90d", "2160h", "3650d"]),
            bad: ["5"] + quoted(["", "Keep", "0s", "89d", "2159h", "3651d", "for ever"]),
            #"must be "keep" or a duration from 90d to 3650d"#
        ),
        MemberRange(
            "secrets.reload",
            good: quoted(["off", "1s", "15m", "24h"]),
            bad: ["5", "true"] + quoted(["", "on", "watch", "Off", "0s", "999ms", "86401s", "2d"]),
            #"must be "off" or a duration from 1s to 24h"#
        ),
    ]
}
