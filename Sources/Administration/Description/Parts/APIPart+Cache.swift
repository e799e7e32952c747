extension APIPart {
    static let cache = APIPart(
        tag: "cache",
        text: "What is stored, and its removal.",
        operations: [
            Operation(
                .get,
                "/admin/v1/cache/stats",
                "showCacheStatistics",
                "Shows what the cache holds and did",
                role: .viewer,
                replies: [.ok("The statistics.", .named("CacheStatistics"))]
            ),
            Operation(
                .get,
                "/admin/v1/cache/entries",
                "listCacheEntries",
                "Lists the results about one document",
                "Those in the store, in every account, as long as they are fresh, in the order in which they were stored.",
                role: .viewer,
                parameters: [.query("document_id", .uuid, "In letters of either case.", isRequired: true)]
                    + Parameter.page,
                replies: [.ok("A page of results.", .page(of: .named("CacheEntry")))]
            ),
            Operation(
                .delete,
                "/admin/v1/cache/entries",
                "purgeCache",
                "Removes results",
                "Give exactly one parameter. What was asked before the purge is not stored after it. It is durable; the "
                    + "answer comes when the removal is done, and a client that does not wait changes nothing of it.",
                role: .operator,
                parameters: [
                    .query("document_id", .uuid, "Results about this document, and its learned pages."),
                    .query("team", .identifier, "Results of requests that were forwarded for this team."),
                    .query("key", .text(like: "[0-9A-Fa-f]{64}"), "The result of this cache key."),
                    .query("all", .exactly("true"), "All results."),
                ],
                replies: [
                    .ok(
                        "How many results were removed that a request could have been given before.",
                        .object([.init("purged", .count)]),
                        example: #"{"purged": 12}"#
                    )
                ]
            ),
        ],
        schemas: [
            (
                "CacheStatistics",
                .object([
                    .init("entries", Schema.count.about("Results in the store.")),
                    .init(
                        "memory",
                        .object([
                            .init("entries", .count), .init("bytes", .count), .init("bytes_max", .count),
                            .init("evictions", Schema.count.about("Since the start.")),
                        ])
                    ),
                    .init("aliases", .count), .init("store_bytes", .count), .init("store_bytes_free", .count),
                    .init(
                        "last_24h",
                        Schema.object([
                            .init("since", .time), .init("hits", .count), .init("collapsed", .count),
                            .init("misses", .count), .init("saved", .credits),
                            .init("hit_rate", Schema.share.orNull.about("Hits in the three; null without any.")),
                        ])
                        .about("Of the last 24 hours, by quarters of an hour from `since` on.")
                    ),
                    .init("oldest_stored_at", Schema.time.orNull), .init("newest_stored_at", Schema.time.orNull),
                ])
            ),
            (
                "CacheEntry",
                .object([
                    .init("key", Schema.digest.about("The cache key that `tollgate key` prints.")),
                    .init("document_id", .uuid), .init("account", .text),
                    .init("team", .text.about("Whose request was forwarded.")), .init("model", .text),
                    .init("page_range", .text.orNull.about("Null for all pages.")),
                    .init("classifier", .text.orNull.about("The saved classifier, in lower case; null without.")),
                    .init("classification", .text),
                    .init("credits", .credits), .init("stored_at", .time), .init("expires_at", .time),
                ])
            ),
        ]
    )
}
