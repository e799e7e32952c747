import Caching
import Gateway
import JSON
import Reporting
import Vocabulary

/// What the cache holds and what it did, for `/cache/stats`. Pure.
struct CacheStatistics {
    let entries: EntryStatistics
    let memory: CacheMemory
    let recent: RecentUsage

    private var counts: SpendCounts { recent.counts }

    var json: JSONValue {
        .object([
            ("entries", .integer(entries.entries)),
            (
                "memory",
                .object([
                    ("entries", .integer(memory.entries)), ("bytes", .integer(memory.bytes)),
                    ("bytes_max", .integer(memory.bytesMax)), ("evictions", .integer(memory.evictions)),
                ])
            ),
            ("aliases", .integer(memory.aliases)), ("store_bytes", .integer(entries.storeBytes)),
            ("store_bytes_free", .integer(entries.storeBytesFree)),
            (
                "last_24h",
                .object([
                    ("since", .time(recent.since)), ("hits", .integer(counts.hits)),
                    ("collapsed", .integer(counts.collapsed)), ("misses", .integer(counts.misses)),
                    ("saved", .credits(counts.saved)), ("hit_rate", hitRate),
                ])
            ),
            ("oldest_stored_at", .orNull(entries.oldest) { .time($0) }),
            ("newest_stored_at", .orNull(entries.newest) { .time($0) }),
        ])
    }

    /// The share of hits among the requests that were answered by the cache, a flight or the vendor, to four decimals,
    /// rounded down; null without any.
    private var hitRate: JSONValue {
        let all = counts.hits.saturatingAdd(counts.collapsed).saturatingAdd(counts.misses)
        guard all > 0, counts.hits >= 0 else { return .null }
        let (product, isTooLarge) = counts.hits.multipliedReportingOverflow(by: 10_000)
        let share = isTooLarge ? counts.hits / max(1, all / 10_000) : product / all
        let decimals = String(share % 10_000)
        return .number("\(share / 10_000)." + String(repeating: "0", count: 4 - decimals.count) + decimals)
    }
}
