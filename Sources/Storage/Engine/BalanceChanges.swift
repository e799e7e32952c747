internal import Budgeting
import Vocabulary

/// What a transaction adds to the balances of budgets, by scope and day. In millionths of credits.
struct BalanceChanges {
    struct Key: Hashable, Comparable {
        let kind: String
        let id: String
        let day: Int64

        static func < (left: Key, right: Key) -> Bool {
            (left.kind, left.id, left.day) < (right.kind, right.id, right.day)
        }
    }

    struct Amounts: Equatable {
        var spent: Int128 = 0
        var unconfirmed: Int128 = 0
        var reserved: Int128 = 0

        static func += (left: inout Amounts, right: Amounts) {
            left.spent += right.spent
            left.unconfirmed += right.unconfirmed
            left.reserved += right.reserved
        }
    }

    private var amounts: [Key: Amounts] = [:]

    var isEmpty: Bool { amounts.isEmpty }

    /// In the order of their keys.
    var rows: [(key: Key, amounts: Amounts)] {
        amounts.filter { $0.value != Amounts() }.sorted { $0.key < $1.key }.map { (key: $0.key, amounts: $0.value) }
    }

    /// Adds amounts to all scopes that a reservation counts in, on its day.
    mutating func add(_ change: Amounts, for reservation: Reservation) {
        let ask = reservation.ask
        for scope in [BudgetScope.organization, .team(ask.team), .key(ask.key), .upstreamKey(ask.upstreamKey)] {
            add(change, to: scope, on: reservation.day)
        }
    }

    mutating func add(_ change: Amounts, to scope: BudgetScope, on day: BudgetDay) {
        let (kind, id) = scope.columns
        amounts[Key(kind: kind, id: id, day: Int64(day.number)), default: Amounts()] += change
    }

    /// Nobody knows what the vendor charged for these: their estimates are unconfirmed, and reserved no more.
    mutating func confirmNothing(of reservations: [Reservation]) {
        for reservation in reservations {
            let estimate = reservation.estimate.amount
            add(Amounts(unconfirmed: estimate, reserved: 0 - estimate), for: reservation)
        }
    }
}

extension BalanceChanges {
    /// Adds how a reservation ended.
    mutating func add(_ gathered: GatheredEnding) {
        let ending = gathered.ending
        let (spent, unconfirmed) = ending.amounts
        let held = gathered.isCharge ? 0 : ending.reservation.estimate.amount
        add(Amounts(spent: spent.amount, unconfirmed: unconfirmed.amount, reserved: -held), for: ending.reservation)
    }
}

extension MicroCredits {
    /// As budgets count it: a negative amount would give back what is spent.
    var amount: Int128 { Int128(max(micros, 0)) }
}
