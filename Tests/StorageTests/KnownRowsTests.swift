import Budgeting
import Testing

@testable import Storage

@Suite("What a connection need not look up again")
struct KnownRowsTests {
    private func key(_ model: String, _ team: String = "a", day: Int32 = 1) -> UsageModelTable.Key {
        UsageModelTable.Key(day: BudgetDay(number: day), team: KeyText(team), model: KeyText(model))
    }

    @Test("a model is named on its day and for its team alone, byte by byte")
    func named() {
        var known = KnownRows()
        known.noteNamed(key("caf\u{e9}"))
        #expect(known.isNamed(key("caf\u{e9}")))
        for other in [key("cafe\u{301}"), key("caf\u{e9}", "b"), key("caf\u{e9}", day: 2)] {
            #expect(!known.isNamed(other))
        }
    }

    @Test("of more than a thousand the earlier ones are forgotten")
    func bounded() {
        var known = KnownRows()
        for number in 1...KnownRows.countMax {
            known.noteNamed(key("\(number)"))
            known.noteRated("\(number)")
        }
        #expect(known.isNamed(key("1")) && known.isRated("1"))
        known.noteNamed(key("more"))
        known.noteRated("more")
        #expect(!known.isNamed(key("1")) && !known.isRated("1"))
        #expect(known.isNamed(key("more")) && known.isRated("more"))
    }
}
