import TestSupport
import Testing
import Vocabulary

@testable import UpstreamKeys

@Suite("FairQueue")
struct FairQueueTests {
    private func team(_ name: String) -> TeamID { TeamID(rawValue: name) }

    @Test("teams take turns, and a team's own come in order")
    func turns() {
        var queue = FairQueue<String>()
        for element in ["a1", "a2", "a3", "b1", "c1", "c2"] {
            queue.append(element, of: team(String(element.prefix(1))))
        }
        #expect(queue.count == 6)
        #expect(queue.removeAll() == ["a1", "b1", "c1", "a2", "c2", "a3"])
        #expect(queue.isEmpty)
    }

    @Test("who is not ready is passed over and keeps its place and its team's turn")
    func passedOver() {
        var queue = FairQueue<String>()
        for element in ["a1", "a2", "b1"] { queue.append(element, of: team(String(element.prefix(1)))) }
        #expect(queue.take { $0.hasPrefix("b") } == "b1")
        #expect(queue.take { $0 == "a2" } == "a2")
        #expect(queue.take { _ in false } == nil)
        #expect(queue.removeAll() == ["a1"])
    }

    @Test("who gives up is taken out; a team that has nobody left takes no turn")
    func givingUp() {
        var queue = FairQueue<String>()
        for element in ["a1", "a2", "b1"] { queue.append(element, of: team(String(element.prefix(1)))) }
        #expect(queue.remove(of: team("a")) { $0 == "a1" } == "a1")
        #expect(queue.remove(of: team("a")) { $0 == "a1" } == nil)
        #expect(queue.remove(of: team("z")) { _ in true } == nil)
        #expect(queue.remove(of: team("a")) { $0 == "a2" } == "a2")
        #expect(queue.count == 1)
        #expect(queue.removeAll() == ["b1"])
    }

    @Test("at random: nobody waits while other teams are taken more than once each, and nothing is lost or doubled")
    func random() {
        let seed = SeededGenerator().seed
        var generator = SeededGenerator(seed: seed)
        var queue = FairQueue<(team: Int, number: Int)>()
        var waiting: [[Int]] = Array(repeating: [], count: 5)
        /// For each waiting team, how often each other team has been served since it began to wait.
        var seen = Array(repeating: [Int](repeating: 0, count: 5), count: 5)
        for number in 0..<5_000 {
            // One team queues far more than the others.
            let asks = Int.random(in: 0..<10, using: &generator)
            let asker = asks < 6 ? 0 : Int.random(in: 1..<5, using: &generator)
            if number < 4_000 {
                if waiting[asker].isEmpty { seen[asker] = [Int](repeating: 0, count: 5) }
                queue.append((asker, number), of: team("\(asker)"))
                waiting[asker].append(number)
            }
            guard number % 3 != 0 || number >= 4_000, let taken = queue.take(where: { _ in true }) else { continue }
            #expect(waiting[taken.team].first == taken.number, "seed \(seed)")
            waiting[taken.team].removeFirst()
            seen[taken.team] = [Int](repeating: 0, count: 5)
            for other in 0..<5 where other != taken.team && !waiting[other].isEmpty {
                seen[other][taken.team] += 1
                #expect(seen[other][taken.team] <= 1, "seed \(seed)")
            }
        }
        #expect(queue.count == waiting.reduce(0) { $0 + $1.count }, "seed \(seed)")
    }
}
