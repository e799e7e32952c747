/// A kind of resource of the admin API: its members, and which of them a table shows.
struct ResourceMembers {
    /// In the order of `docs/api.md` §6. Further members of an answer follow them.
    let members: [String]
    /// The columns of a list.
    let columns: [String]

    static let team = ResourceMembers(
        members: [
            "id", "name", "account", "budgets", "requests_per_second", "max_concurrency", "models", "cache_scope",
            "source",
        ],
        columns: ["id", "name", "account", "budgets", "requests_per_second", "max_concurrency", "models", "source"]
    )

    static let teamKey = ResourceMembers(
        members: [
            "id", "team", "name", "state", "source", "public_id", "not_after", "budgets", "created_at", "rotated_at",
            "revoked_at", "last_used_at", "previous_valid_until",
        ],
        columns: ["team", "id", "name", "state", "public_id", "not_after", "budgets", "last_used_at", "source"]
    )

    static let upstreamKey = ResourceMembers(
        members: [
            "id", "account", "weight", "state", "detail", "available", "cooling_until", "not_before", "not_after",
            "monthly_credits", "monthly_remaining", "under_way", "last_used_at", "source", "created_at",
        ],
        columns: [
            "id", "account", "weight", "state", "available", "monthly_credits", "monthly_remaining", "under_way",
            "last_used_at", "not_after", "source", "detail",
        ]
    )

    static let lesson = ResourceMembers(
        members: ["kind", "model", "credits_per_page", "replies", "recent", "account", "document_id", "pages"],
        columns: ["kind", "model", "credits_per_page", "replies", "account", "document_id", "pages"]
    )

    static let budget = ResourceMembers(
        members: [
            "scope", "id", "window", "credits", "enforce", "alert_at", "granted", "spent", "unconfirmed", "reserved",
            "remaining", "resets_at", "runs_out_at", "would_have_refused",
        ],
        columns: [
            "scope", "id", "window", "credits", "enforce", "granted", "spent", "unconfirmed", "reserved", "remaining",
            "used", "resets_at", "runs_out_at", "would_have_refused",
        ]
    )

    static let backup = ResourceMembers(members: StoreSurveyText.members, columns: StoreSurveyText.members)

    static let grant = ResourceMembers(
        members: [
            "id", "team", "window", "credits", "expires_at", "ends_at", "in_force", "reason", "actor", "created_at",
        ],
        columns: ["id", "team", "window", "credits", "in_force", "ends_at", "actor", "created_at", "reason"]
    )

    static let insight = ResourceMembers(
        members: ["reason", "first", "again", "credits", "requests", "why"],
        columns: ["reason", "first", "again", "credits", "requests", "why"]
    )

    /// The columns of a spend report behind its group.
    static let spendCounts = [
        "spent", "unconfirmed", "saved", "requests", "hits", "collapsed", "misses", "denied",
    ]

    /// - Parameter group: the member that names what the items are.
    static func spend(by group: String) -> ResourceMembers {
        ResourceMembers(members: [group] + spendCounts + ["row"], columns: [group] + spendCounts)
    }

    static let cacheEntry = ResourceMembers(
        members: [
            "key", "document_id", "account", "team", "model", "page_range", "classifier", "classification", "credits",
            "stored_at", "expires_at",
        ],
        columns: ["key", "team", "model", "page_range", "classification", "credits", "stored_at", "expires_at"]
    )

    static let cacheStatistics = ResourceMembers(
        members: [
            "entries", "memory", "aliases", "store_bytes", "store_bytes_free", "last_24h", "oldest_stored_at",
            "newest_stored_at",
        ],
        columns: []
    )

    static let request = ResourceMembers(
        members: [
            "id", "at", "request_id", "team", "key", "method", "path", "status", "cache_status", "document_id", "model",
            "charged", "saved", "duration_ms", "upstream_ms", "error",
        ],
        columns: [
            "at", "team", "key", "path", "status", "cache_status", "document_id", "model", "charged", "saved",
            "duration_ms",
        ]
    )

    static let purge = ResourceMembers(members: ["purged"], columns: ["purged"])

    static let ledgerRow = ResourceMembers(
        members: [
            "id", "team", "key", "account", "upstream_key", "document_id", "model", "cache_key", "request_id", "state",
            "estimate", "credits", "created_at", "ended_at",
        ],
        columns: [
            "created_at", "id", "team", "key", "upstream_key", "document_id", "model", "state", "estimate", "credits",
        ]
    )

    /// A row of the ledger with what is to be looked up at the vendor.
    static let unconfirmedRow = ResourceMembers(
        members: ledgerRow.members,
        columns: [
            "age", "id", "team", "estimate", "account", "upstream_key", "created_at", "document_id", "request_id",
        ]
    )

    static let statement = ResourceMembers(
        members: ["id", "account", "from", "to", "credits", "spent", "unconfirmed", "drift", "created_at"],
        columns: ["id", "account", "from", "to", "credits", "spent", "unconfirmed", "drift"]
    )

    static let simulation = ResourceMembers(
        members: [
            "team", "from", "to", "time_zone", "until", "refused_from", "refused", "would_have_refused", "spent",
            "unconfirmed", "saved", "calls", "hits", "exactness", "exactness_reason", "was",
        ],
        columns: []
    )

    static let alert = ResourceMembers(
        members: [
            "id", "type", "at", "team", "window", "threshold", "credits", "spent", "text", "state", "attempts",
            "tried_at", "detail",
        ],
        columns: ["at", "type", "team", "state", "attempts", "detail", "text"]
    )

    static let alertTest = ResourceMembers(
        members: ["delivered", "status", "answer", "error", "duration_ms"],
        columns: []
    )

    static let auditEntry = ResourceMembers(
        members: ["id", "at", "actor", "role", "action", "target", "address", "before", "after"],
        columns: ["at", "actor", "role", "action", "target", "address"]
    )

    static let readiness = ResourceMembers(members: ["status"], columns: [])

    /// The status has no fixed members: everything that the gateway reports is shown.
    static let status = ResourceMembers(members: [], columns: [])
}
