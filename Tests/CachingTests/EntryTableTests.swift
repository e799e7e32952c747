import Testing
import Vocabulary

@testable import Caching

@Suite("EntryTable: SIEVE")
struct EntryTableTests {
    private func table(_ numbers: ClosedRange<UInt64>) -> EntryTable {
        var table = EntryTable()
        for number in numbers { table.insert(result(key(number), bodyBytes: 1)) }
        return table
    }

    @Test("the oldest leaves first when none was used")
    func oldestFirst() {
        var table = table(1...4)
        #expect((1...4).map { _ in table.evict()!.result.key } == (1...4).map { key($0) })
        #expect(table.evict() == nil)
        #expect(table.count == 0)
    }

    @Test("one that was used is spared once, and the hand goes on from where it stopped")
    func spared() {
        var table = table(1...5)
        table.find(key(1))!.markVisited()
        table.find(key(3))!.markVisited()
        #expect(table.evict()!.result.key == key(2))
        #expect(table.evict()!.result.key == key(4))
        #expect(table.evict()!.result.key == key(5))
        #expect(table.evict()!.result.key == key(1))
        #expect(table.evict()!.result.key == key(3))
    }

    @Test("a newcomer does not outlive the used ones by being new")
    func newcomers() {
        var table = table(1...3)
        for number in 1...3 as ClosedRange<UInt64> { table.find(key(number))!.markVisited() }
        table.insert(result(key(4), bodyBytes: 1))
        #expect(table.evict()!.result.key == key(4))
        #expect(table.count == 3)
    }

    @Test("the hand spares a bounded number and then takes what it is at")
    func bounded() {
        let count = UInt64(EntryTable.sparedMax * 2)
        var table = table(1...count)
        for number in 1...count { table.find(key(number))!.markVisited() }
        #expect(table.evict()!.result.key == key(UInt64(EntryTable.sparedMax) + 1))
    }

    @Test("removing what the hand stands at keeps the order")
    func removeAtHand() {
        var table = table(1...4)
        table.find(key(1))!.markVisited()
        #expect(table.evict()!.result.key == key(2))
        #expect(table.remove(key(3))?.result.key == key(3))
        #expect(table.remove(key(3)) == nil)
        #expect(table.evict()!.result.key == key(4))
        #expect(table.evict()!.result.key == key(1))
    }
}
