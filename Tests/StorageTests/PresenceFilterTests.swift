import Testing

@testable import Storage

@Suite("A filter of hashes")
struct PresenceFilterTests {
    @Test("never denies what was added, at any fill", arguments: [1, 64, 1_000, 65_536])
    func affirms(_ capacity: Int) {
        var filter = PresenceFilter(capacity: capacity)
        for number in 0..<UInt64(3 * capacity) { filter.add(digest(number).word1) }
        #expect((0..<UInt64(3 * capacity)).allSatisfy { filter.mayHave(digest($0).word1) })
        for hash in [0, 1, .max, 1 << 63] as [UInt64] {
            filter.add(hash)
            #expect(filter.mayHave(hash))
        }
    }

    @Test("denies all while it is empty, and at least 96 of 100 others when it is full")
    func denies() {
        var random = SystemRandomNumberGenerator()
        var filter = PresenceFilter(capacity: 65_536)
        let others = (0..<20_000).map { _ in random.next() as UInt64 }
        #expect(others.allSatisfy { !filter.mayHave($0) })
        while !filter.isFull { filter.add(random.next()) }
        #expect(filter.count == 65_536)
        #expect(others.count { filter.mayHave($0) } < 800)
    }
}
