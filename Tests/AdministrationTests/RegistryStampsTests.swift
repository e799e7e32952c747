import Testing

@testable import Administration

@Suite("Which changes of other nodes are in memory")
struct RegistryStampsTests {
    @Test("what was heard of is read, unless the rows had it already")
    func heard() {
        var stamps = RegistryStamps(known: 5)
        #expect(!stamps.isReadingDue)
        stamps.hear(5)
        #expect(!stamps.isReadingDue)
        stamps.hear(7)
        stamps.hear(6)
        #expect(stamps.isReadingDue)
        stamps.read(8)
        #expect(!stamps.isReadingDue && stamps.known == 8)
        stamps.hear(8)
        #expect(!stamps.isReadingDue)
    }

    @Test("what is heard of during a reading that has it not is read again")
    func during() {
        var stamps = RegistryStamps(known: 0)
        stamps.hear(1)
        stamps.hear(2)
        stamps.read(1)
        #expect(stamps.isReadingDue)
        stamps.read(2)
        #expect(!stamps.isReadingDue)
    }

    @Test("what the store told of is read though nothing was heard, and old rows take nothing back")
    func demanded() {
        var stamps = RegistryStamps(known: 3)
        stamps.demandReading()
        #expect(stamps.isReadingDue)
        stamps.read(2)
        #expect(!stamps.isReadingDue && stamps.known == 3)
    }
}
