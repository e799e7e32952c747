import Testing

@testable import Gateway

@Suite("How memory is shared out")
struct MemoryPlanTests {
    @Test("clients have a quarter, strangers an eighth of that, and results never more than three eighths")
    func shares() {
        let plan = MemoryPlan(limitBytes: 256 << 20)
        #expect(plan.clientBytesMax == 64 << 20)
        #expect(plan.strangerBytesMax == 8 << 20)
        #expect(plan.teamBytesMax == 56 << 20)
        #expect(plan.cacheBytesMax(configured: 256 << 20) == 96 << 20)
        #expect(plan.cacheBytesMax(configured: 64 << 10) == 64 << 10)
    }

    @Test("no limit is too small or too large for the sums", arguments: [1, 7, 4096, .max - 1, .max])
    func extremes(limit: Int) {
        let plan = MemoryPlan(limitBytes: limit)
        #expect(plan.teamBytesMax >= 0)
        #expect(plan.clientBytesMax + plan.cacheBytesMax(configured: .max) <= limit)
    }

    @Test("memory goes back after a fall of some megabytes, once")
    func returns() {
        var keeper = MemoryReturn()
        func isDue(_ highest: Int, _ now: Int, connections: Int = 0) -> Bool {
            keeper.isDue(highest: highest << 20, now: now << 20, connections: connections)
        }
        let steps = [
            isDue(0, 0), isDue(50, 50), isDue(50, 40), isDue(40, 40), isDue(40, 0), isDue(0, 0),
            // A peak between two calls.
            isDue(9, 0),
            // Connections count, though their memory is in neither number.
            isDue(0, 0, connections: 5_000), isDue(0, 0, connections: 100),
        ]
        #expect(steps == [false, false, true, false, true, false, true, false, true])
    }
}
