import Caching
import Foundation
import TestSupport
import Testing
import Vocabulary

@Suite("ResultCache on several threads")
struct ResultCacheConcurrencyTests {
    @Test("C1 to C4 hold under any interleaving, and all bytes are accounted for at the end")
    func hammer() {
        let seed = SeededGenerator().seed
        let bytesMax = 150_000
        let cache = ResultCache(bytesMax: bytesMax)
        let team = TeamID(rawValue: "accounts-payable")
        let purges: [PurgeTarget] = [.all, .team(team), .document(documentID(3)), .key(key(3))]
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var generator = SeededGenerator(seed: seed &+ UInt64(thread))
            for _ in 0..<20_000 {
                let number = UInt64.random(in: 0..<400, using: &generator)
                let alias = fingerprint(10_000 + number * 8 + UInt64.random(in: 0..<8, using: &generator))
                switch Int.random(in: 0..<12, using: &generator) {
                case 0...2:
                    cache.insert(result(key(number), bodyBytes: Int(number), documentID: documentID(number % 8)))
                case 3...5: if let found = cache.find(key(number)) { cache.remember(alias: alias, for: found) }
                case 6: cache.remove(key(number))
                case 7 where number == 0: cache.removeAliases()
                case 8 where number < 2: cache.resize(bytesMax: bytesMax / 2 * Int(number + 1))
                case 9 where number < 4: cache.remove(purges[Int(number % 4)])
                default:
                    if let found = cache.find(alias: alias) {
                        #expect(found.key == key(number), "seed \(seed)")
                        #expect(found.body.count == Int(number), "seed \(seed)")
                    }
                }
            }
        }
        #expect(cache.statistics.bytes <= bytesMax, "seed \(seed)")
        cache.remove(.team(TeamID(rawValue: "accounts-payable")))
        #expect(cache.statistics.entries == 0)
        #expect(cache.statistics.aliases == 0, "seed \(seed)")
        #expect(cache.statistics.bytes == 0, "seed \(seed)")
    }

    @Test("C2: an alias that is remembered while all are dropped belongs to its entry, and goes with it")
    func aliasesDroppedMeanwhile() {
        for round in 0..<300 {
            let cache = ResultCache(bytesMax: 1_000_000)
            for number in 0..<64 { cache.insert(result(key(UInt64(number)), bodyBytes: 10)) }
            DispatchQueue.concurrentPerform(iterations: 3) { thread in
                // A later drop would take what an earlier one had left behind.
                if thread == 0 { return cache.removeAliases() }
                for number in 0..<64 as Range<UInt64> {
                    guard let found = cache.find(key(number)) else { continue }
                    cache.remember(alias: fingerprint(10_000 + number * 8 + UInt64(thread)), for: found)
                }
            }
            cache.remove(.team(TeamID(rawValue: "accounts-payable")))
            #expect(cache.statistics.aliases == 0, "round \(round)")
            #expect(cache.statistics.bytes == 0, "round \(round)")
        }
    }
}
