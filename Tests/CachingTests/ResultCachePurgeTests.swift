import Dispatch
import TestSupport
import Testing
import Vocabulary

@testable import Caching

@Suite("Purges of the memory cache")
struct ResultCachePurgeTests {
    /// A hundred results of ten documents and two teams, each with an alias.
    private func filled() -> ResultCache {
        let cache = ResultCache(bytesMax: 1 << 20)
        for number in 1...100 as ClosedRange<UInt64> {
            let team = number <= 30 ? "sales" : "accounts-payable"
            let next = result(key(number), documentID: documentID(number), team: team)
            cache.insert(next)
            cache.remember(alias: fingerprint(number + 1_000), for: next)
        }
        return cache
    }

    @Test(
        "P4: what a purge concerns is gone with its aliases, and nothing else is",
        arguments: [
            (.document(documentID(3)), 90), (.team(TeamID(rawValue: "sales")), 70), (.key(key(3)), 99), (.all, 0),
            (.document("no-uuid"), 100), (.team(TeamID(rawValue: "nobody")), 100), (.key(key(500)), 100),
        ] as [(PurgeTarget, Int)]
    )
    func remove(target: PurgeTarget, left: Int) {
        let cache = filled()
        cache.purges.note(target)
        cache.remove(target)
        #expect(cache.statistics.entries == left)
        #expect(cache.statistics.aliases == left)
        for number in 1...100 as ClosedRange<UInt64> {
            let team = number <= 30 ? "sales" : "accounts-payable"
            let isGone = target.covers(result(key(number), documentID: documentID(number), team: team))
            #expect((cache.find(key(number)) == nil) == isGone)
            #expect((cache.find(alias: fingerprint(number + 1_000)) == nil) == isGone)
        }
        cache.remove(.team(TeamID(rawValue: "sales")))
        cache.remove(.team(TeamID(rawValue: "accounts-payable")))
        #expect(cache.statistics == (0, 0, 0, 0))
    }

    @Test("P1: a result that was asked for before a purge is not kept after it, nor is an alias of it")
    func lateResult() {
        let cache = ResultCache(bytesMax: 1 << 20)
        let asked = cache.purges.stamp()
        let late = result(key(1))
        cache.purges.note(.document(late.documentID))
        cache.remove(.document(late.documentID))
        cache.insert(StampedResult(late, asked: asked))
        cache.remember(alias: fingerprint(1), for: late)
        #expect(cache.find(key(1)) == nil)
        #expect(cache.find(alias: fingerprint(1)) == nil)
        #expect(cache.statistics == (0, 0, 0, 0))
        cache.insert(late)
        #expect(cache.find(key(1)) != nil, "asked again, it is kept")
    }

    @Test(
        "P1: whatever the order of threads, nothing that was asked before is there after the purge",
        arguments: 0..<200
    )
    func race(round: Int) {
        let cache = ResultCache(bytesMax: 1 << 20)
        let asked = cache.purges.stamp()
        let targets: [PurgeTarget] = [.all, .team(TeamID(rawValue: "accounts-payable")), .document(documentID(1))]
        let target = targets[round % targets.count]
        DispatchQueue.concurrentPerform(iterations: 3) { thread in
            if thread == 0 {
                cache.purges.note(target)
                cache.remove(target)
                return
            }
            for number in 0..<32 as Range<UInt64> {
                let next = result(key(number + UInt64(thread) * 100), bodyBytes: 1, documentID: documentID(1))
                cache.insert(StampedResult(next, asked: asked))
                cache.remember(alias: fingerprint(next.key.digest.word0), for: next)
            }
        }
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.aliases == 0)
        #expect(cache.statistics.bytes == 0)
    }

    @Test("the entries of a document are found whatever was replaced or evicted among them")
    func documentLists() {
        let cache = ResultCache(bytesMax: 60_000)
        var generator = SeededGenerator()
        let seed = generator.seed
        for _ in 0..<5_000 {
            let number = UInt64.random(in: 0..<300, using: &generator)
            // The document of a key changes as it is replaced.
            let document = documentID(UInt64.random(in: 0..<10, using: &generator))
            cache.insert(result(key(number), bodyBytes: 100, documentID: document))
            if number == 0 { cache.remove(.document(document)) }
        }
        #expect(cache.statistics.evictions > 0)
        for number in 0..<10 as Range<UInt64> { cache.remove(.document(documentID(number))) }
        #expect(cache.statistics.entries == 0, "seed \(seed)")
        #expect(cache.statistics.bytes == 0, "seed \(seed)")
    }

    @Test("errors are listed by what a purge concerns, and counted as they come and go")
    func errors() {
        let cache = ResultCache(bytesMax: 1 << 20)
        cache.insert(result(key(1), documentID: documentID(1)))
        #expect(cache.keysOfErrors(.all) == [])
        cache.insert(result(key(2), documentID: documentID(1), status: 404))
        cache.insert(result(key(3), documentID: documentID(2), status: 400))
        #expect(Set(cache.keysOfErrors(.all)) == [key(2), key(3)])
        #expect(cache.keysOfErrors(.document(documentID(1))) == [key(2)])
        cache.insert(result(key(2), documentID: documentID(1)))
        #expect(cache.keysOfErrors(.document(documentID(1))) == [])
        cache.remove(.all)
        #expect(cache.keysOfErrors(.all) == [])
    }
}
