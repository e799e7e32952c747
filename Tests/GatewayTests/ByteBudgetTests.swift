import Testing

@testable import Gateway

@Suite("The memory of clients' requests")
struct ByteBudgetTests {
    @Test("shares grow up to the bound together, and what goes beyond it takes nothing")
    func bound() {
        let budget = ByteBudget(bytesMax: 100)
        let one = ByteShare(of: budget)
        let other = ByteShare(of: budget)
        #expect(one.grow(by: 60))
        #expect(!other.grow(by: 41))
        #expect(budget.bytesTaken == 60)
        #expect(other.grow(by: 40))
        #expect(!one.grow(by: 1))
        #expect(budget.bytesTaken == 100)
    }

    @Test("a share gives back what it took when it goes")
    func givesBack() {
        let budget = ByteBudget(bytesMax: 100)
        do {
            let share = ByteShare(of: budget)
            #expect(share.grow(by: 30))
            #expect(share.grow(by: 30))
            #expect(!share.grow(by: 100))
        }
        #expect(budget.bytesTaken == 0)
    }
}
