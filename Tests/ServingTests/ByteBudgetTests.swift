import Testing

@testable import Serving

@Suite("The memory of clients")
struct ByteBudgetTests {
    private let budget = ByteBudget(strangerBytesMax: 10, teamBytesMax: 100)

    @Test("shares grow up to the bound together, and what goes beyond it takes nothing")
    func bound() {
        let one = ByteShare(of: budget, .teams)
        let other = ByteShare(of: budget, .teams)
        #expect(one.take(60))
        #expect(!other.take(41))
        #expect(budget.bytesTaken(of: .teams) == 60)
        #expect(other.take(40))
        #expect(!one.take(1))
        #expect(budget.bytesTaken(of: .teams) == 100)
    }

    @Test("a share gives back what it took when it goes, or before")
    func givesBack() {
        do {
            let share = ByteShare(of: budget, .teams)
            #expect(share.take(30))
            #expect(share.take(30))
            share.giveBack(20)
            #expect(budget.bytesTaken(of: .teams) == 40)
            #expect(!share.take(100))
        }
        #expect(budget.bytesTaken(of: .teams) == 0)
    }

    @Test("strangers and teams take nothing from one another")
    func parts() {
        let stranger = ByteShare(of: budget, .strangers)
        #expect(!stranger.take(11))
        #expect(stranger.take(10))
        let team = ByteShare(of: budget, .teams)
        #expect(team.take(100))
        #expect(budget.bytesTaken(of: .strangers) == 10)
    }

    @Test("who shows a key takes all along to the teams' part, if that has room, and back when the key is no good")
    func moves() {
        let share = ByteShare(of: budget, .strangers)
        #expect(share.take(10))
        let team = ByteShare(of: budget, .teams)
        #expect(team.take(91))
        #expect(!share.moveToTeams())
        #expect(budget.bytesTaken(of: .strangers) == 10)
        team.giveBack(1)
        #expect(share.moveToTeams())
        #expect(share.moveToTeams())
        #expect(budget.bytesTaken(of: .strangers) == 0)
        #expect(budget.bytesTaken(of: .teams) == 100)
        // Others have taken the strangers' part: the move exceeds its maximum, and no other share gets any until there
        // is room.
        let stranger = ByteShare(of: budget, .strangers)
        #expect(stranger.take(10))
        share.moveToStrangers()
        share.moveToStrangers()
        #expect(budget.bytesTaken(of: .strangers) == 20)
        #expect(budget.bytesTaken(of: .teams) == 90)
        stranger.giveBack(10)
        #expect(!stranger.take(1))
    }

    @Test("the highest level since it was asked for last is remembered")
    func highest() {
        let share = ByteShare(of: budget, .teams)
        #expect(share.take(70))
        share.giveBack(70)
        #expect(share.take(5))
        #expect(budget.takeHighest() == 70)
        #expect(budget.takeHighest() == 0)
        #expect(share.take(1))
        #expect(budget.takeHighest() == 6)
    }
}
