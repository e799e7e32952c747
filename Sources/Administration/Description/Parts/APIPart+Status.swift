import Registry
import UpstreamKeys
import Vocabulary

extension APIPart {
    static let status = APIPart(
        tag: "status",
        text: "How the gateway is.",
        operations: [
            Operation(
                .get,
                "/admin/v1/status",
                "showStatus",
                "Shows version, uptime, store, memory, accounts and keys at the vendor, and purges under way",
                "Answers while the store does not work, and says so.",
                role: .viewer,
                replies: [.ok("The status.", .named("Status"))]
            )
        ],
        schemas: [
            (
                "Status",
                .object([
                    .init("version", .text), .init("started_at", .time), .init("uptime", .text),
                    .init("uptime_seconds", .count), .init("token", .named("ShownToken")),
                    .init("time_zone", Schema.text.about("Of `budgets.time_zone`, whose days count.")),
                    .init(
                        "nodes",
                        Schema.list(of: .named("Node")).about(
                            "This one first, then those that live or did within a day."
                        )
                    ),
                    .init(
                        "limits_per_node",
                        Schema.list(of: .text).about("The limits of a team that each node holds for itself.")
                    ),
                    .init("memory", .named("MemoryStatus")), .init("upstream", .list(of: .named("AccountStatus"))),
                    .init("purges", .list(of: .named("PurgeProgress"))),
                ])
            ),
            (
                "ShownToken",
                .object([.init("name", .text), .init("role", .choice(of: AdminRole.allCases.map(\.name)))])
            ),
            (
                "Node",
                .object([
                    .init("id", .text), .init("name", Schema.text.orNull.about("Of its machine; null with a file.")),
                    .init("address", .text.about("Where clients connect.")), .init("version", .text),
                    .init("state", .choice(NodeRecord.State.self)),
                    .init("is_first", .flag.about("It does what one node does for all.")),
                    .init("started_at", .time),
                    .init("lease_ms", .number.orNull.about("How long it counts as alive; null for a dead one.")),
                    .init("same_configuration", .flag.about("Whether its file is the one of this node.")),
                    .init("workers", .count.orNull.about("Null for another node.")),
                    .init(
                        "store",
                        .choice(of: ["ready"] + StoreFault.Code.allCases.map(\.rawValue)).orNull
                            .about("Null for another node, which tells it itself.")
                    ),
                    .init("store_detail", .text.orNull),
                ])
            ),
            (
                "MemoryStatus",
                Schema.object([
                    .init("limit_bytes", .count), .init("client_bytes_max", .count), .init("client_bytes", .count),
                    .init("stranger_bytes_max", .count), .init("stranger_bytes", .count),
                    .init("cache_bytes_max", .count),
                ])
                .about("What clients may use and are using; strangers are clients that showed no key.")
            ),
            (
                "AccountStatus",
                .object([
                    .init("account", .text), .init("circuit", .choice(CircuitBreaker.Phase.self)),
                    .init("waiting", Schema.count.about("Requests that wait for a place.")),
                    .init("keys", .list(of: .named("UpstreamKeyStatus"))),
                ])
            ),
            (
                "UpstreamKeyStatus",
                .object([
                    .init("id", .identifier), .init("state", .choice(UpstreamKeyStatus.State.self)),
                    .init("in_time", .flag), .init("under_way", .count), .init("cooling_until", Schema.time.orNull),
                    .init("quarantine_reason", Schema.choice(QuarantineReason.self).orNull),
                ])
            ),
            (
                "PurgeProgress",
                .object([
                    .init("id", .text), .init("what", .text), .init("at", .time), .init("purged", .count),
                    .init("remaining", Schema.count.orNull.about("Null while it is counted.")),
                ])
            ),
        ]
    )
}
