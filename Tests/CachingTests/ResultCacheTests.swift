import Testing
import Vocabulary

@testable import Caching

@Suite("ResultCache")
struct ResultCacheTests {
    private func exact(_ bytes: Int) -> Int { result(key(0), bodyBytes: bytes).byteCount }

    @Test("a result is found by its key and by every alias that was remembered")
    func find() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let first = result(key(1))
        cache.insert(first)
        cache.remember(alias: fingerprint(100), for: first)
        cache.remember(alias: fingerprint(101), for: first)
        #expect(cache.find(key(1)) === first)
        #expect(cache.find(alias: fingerprint(100)) === first)
        #expect(cache.find(alias: fingerprint(101)) === first)
        #expect(cache.find(key(100)) == nil)
        #expect(cache.find(alias: fingerprint(1)) == nil)
        #expect(cache.statistics.entries == 1)
        #expect(cache.statistics.aliases == 2)
        #expect(cache.statistics.bytes == first.byteCount + 2 * ResultCache.aliasBytes)
    }

    @Test("aliases die with their entry, removed or replaced")
    func aliasesDie() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let first = result(key(1))
        cache.insert(first)
        cache.remember(alias: fingerprint(100), for: first)
        let second = result(key(1))
        cache.insert(second)
        #expect(cache.find(key(1)) === second)
        #expect(cache.find(alias: fingerprint(100)) == nil)
        cache.remember(alias: fingerprint(100), for: second)
        cache.remove(key(1))
        #expect(cache.find(alias: fingerprint(100)) == nil)
        #expect(cache.statistics == (0, 0, 0, 0))
    }

    @Test("an alias of a result that is not in the cache is not kept")
    func orphans() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let stranger = result(key(1))
        cache.remember(alias: fingerprint(100), for: stranger)
        #expect(cache.find(alias: fingerprint(100)) == nil)
        #expect(cache.statistics == (0, 0, 0, 0))
        cache.insert(result(key(1)))
        cache.remember(alias: fingerprint(100), for: stranger)
        #expect(cache.find(alias: fingerprint(100)) == nil)
        #expect(cache.statistics.aliases == 0)
    }

    @Test("of many aliases of one result the latest four are kept")
    func latestAliases() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let only = result(key(1))
        cache.insert(only)
        for alias in 100..<110 as Range<UInt64> {
            cache.remember(alias: fingerprint(alias), for: only)
            cache.remember(alias: fingerprint(alias), for: only)
        }
        #expect((100..<110).map { cache.find(alias: fingerprint($0)) === only } == (100..<110).map { $0 >= 106 })
        #expect(cache.statistics.aliases == 4)
    }

    @Test("an alias that leads elsewhere now outlives the entry it led to")
    func redirected() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let (first, second) = (result(key(1)), result(key(2)))
        cache.insert(first)
        cache.insert(second)
        cache.remember(alias: fingerprint(100), for: first)
        cache.remember(alias: fingerprint(100), for: second)
        cache.remove(key(1))
        #expect(cache.find(alias: fingerprint(100)) === second)
        cache.remove(key(2))
        #expect(cache.statistics == (0, 0, 0, 0))
    }

    @Test("all aliases can be dropped without an entry")
    func removeAliases() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let only = result(key(1))
        cache.insert(only)
        cache.remember(alias: fingerprint(100), for: only)
        cache.removeAliases()
        #expect(cache.find(alias: fingerprint(100)) == nil)
        #expect(cache.find(key(1)) === only)
        #expect(cache.statistics.bytes == only.byteCount)
        for alias in 200..<204 as Range<UInt64> { cache.remember(alias: fingerprint(alias), for: only) }
        #expect(cache.statistics.aliases == 4)
    }

    @Test("the bound holds after every insertion, and what is used often stays", arguments: [200_000, 1_000_000])
    func bound(_ bytesMax: Int) {
        let cache = ResultCache(bytesMax: bytesMax)
        let hot = result(key(0))
        cache.insert(hot)
        for number in 1...5_000 as ClosedRange<UInt64> {
            let next = result(key(number), bodyBytes: Int(number * 7 % 900))
            cache.insert(next)
            cache.remember(alias: fingerprint(number + 1_000_000), for: next)
            #expect(cache.find(key(0)) === hot)
            #expect(cache.statistics.bytes <= bytesMax)
        }
        #expect(cache.statistics.evictions > 1_000)
        #expect(cache.statistics.bytes > bytesMax / 2)
        #expect(cache.statistics.aliases <= cache.statistics.entries)
    }

    @Test("a result of an eighth of the bound is kept, a greater one is not, nor what it should have replaced")
    func greatResults() {
        let cache = ResultCache(bytesMax: exact(8_000) * 8)
        let great = result(key(1), bodyBytes: 8_000)
        cache.insert(great)
        #expect(cache.find(key(1)) === great)
        cache.insert(result(key(1), bodyBytes: 8_001 + 16))
        #expect(cache.find(key(1)) == nil)
        for number in 2...40 as ClosedRange<UInt64> {
            let great = result(key(number, shard: number & 15), bodyBytes: 8_000)
            cache.insert(great)
            #expect(cache.find(great.key) === great)
        }
        #expect(cache.statistics.entries == 8)
    }

    @Test("a cache of no bytes keeps nothing and breaks nothing")
    func empty() {
        let cache = ResultCache(bytesMax: 0)
        cache.insert(result(key(1)))
        cache.remember(alias: fingerprint(100), for: result(key(1)))
        #expect(cache.find(key(1)) == nil)
        #expect(cache.statistics == (0, 0, 0, 0))
    }

    @Test("a smaller bound evicts evenly, a greater one lets grow")
    func resize() {
        let cache = ResultCache(bytesMax: 1 << 22)
        for number in 1...4_000 as ClosedRange<UInt64> { cache.insert(result(key(number))) }
        #expect(cache.statistics.entries == 4_000)
        cache.resize(bytesMax: 1 << 20)
        #expect(cache.statistics.bytes <= 1 << 20)
        let left = (1...4_000 as ClosedRange<UInt64>).compactMap { cache.find(key($0)) }
        for shard in 0..<16 { #expect(left.count { $0.key.shard == shard } > left.count / 40) }
        cache.resize(bytesMax: 1 << 22)
        for number in 1...4_000 as ClosedRange<UInt64> { cache.insert(result(key(number))) }
        #expect(cache.statistics.entries == 4_000)
        cache.resize(bytesMax: 0)
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test("a result that left can be put in again and has no mark of having left")
    func again() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let only = result(key(1))
        cache.insert(only)
        cache.remove(key(1))
        cache.insert(only)
        #expect(cache.find(key(1))?.body == only.body)
        let bytes = cache.statistics.bytes
        cache.insert(cache.find(key(1))!)
        #expect(cache.statistics.bytes == bytes)
    }
}
