extension APIPart {
    static let backup = APIPart(
        tag: "backup",
        text: "A copy of the whole store.",
        operations: [
            Operation(
                .get,
                "/admin/v1/backup",
                "downloadBackup",
                "Sends a copy of the store, made while it is in use",
                "An SQLite database with all that was durable at one moment. It is made beside the store before the first byte "
                    + "is sent, for which the disk must have room; `Content-Length` and `Repr-Digest` tell a whole file from one "
                    + "that was cut off. The audit log says who was sent it, its size and its SHA-256.",
                role: .admin,
                replies: [
                    Reply(
                        200,
                        "The file.",
                        content: [("application/vnd.sqlite3", Schema.anything.about("An SQLite database."))],
                        fields: [.digest, .disposition]
                    ),
                    .conflict(
                        "`conflict`: another backup is being made or read, or the store is in PostgreSQL, which `pg_dump` "
                            + "copies."
                    ),
                    .error(
                        503,
                        "`store_unavailable`: the disk lacks the room for a copy, and the message says how much, or the store "
                            + "does not work; `overloaded`: too much was written meanwhile; `draining`.",
                        fields: [.retryAfter]
                    ),
                ]
            )
        ],
        schemas: []
    )
}
