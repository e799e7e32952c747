public import Vocabulary

/// What one paid reply of a model said that its pages cost.
public struct PaidReply: Sendable, Equatable {
    /// Of the request; 0 where it is not known any more.
    public let reservation: ReservationID
    public let rate: PageRate

    public init(reservation: ReservationID, rate: PageRate) {
        self.reservation = reservation
        self.rate = rate
    }
}

/// What is known of one model.
public struct ModelLesson: Sendable, Equatable {
    public let model: String
    /// What estimates are made from.
    public let rate: PageRate
    /// Oldest first.
    public let replies: [PaidReply]
}

/// The last paid replies of one model, from which its next estimate is made. Pure.
///
/// The last ones are those whose requests were admitted last, whatever the order in which they ended: so memory and
/// store keep the same ones. Their median is believed, so that a bill which is wrong counts for nothing beside others
/// that are right. While there are too few others, the plan's price has a say in their place:
/// - one reply alone is believed only if it is within a factor of `trust` of the plan's price, else the plan is;
/// - of two, the median of them and the plan's price is.
/// Thus one absurd bill never keeps the next request from being admitted, whose reply then mends it.
struct RecentRates {
    /// How many replies the median is of: `docs/api.md` §4.
    static let countMax = 15
    /// Between what a plan is wrong by and what a bill is wrong by.
    private static let trust: Int128 = 10

    private(set) var replies: [PaidReply] = []  // reservations ascend
    /// The rates of `replies` in ascending order.
    private var sorted: [PageRate] = []

    /// False when nothing was learned: an older reply than those that are kept, or one that is among them.
    @discardableResult
    mutating func learn(_ reply: PaidReply) -> Bool {
        let index = replies.firstIndex { $0.reservation >= reply.reservation } ?? replies.endIndex
        if index < replies.endIndex, replies[index].reservation == reply.reservation { return false }
        if index == 0, replies.count == Self.countMax { return false }
        replies.insert(reply, at: index)
        if replies.count > Self.countMax { replies.removeFirst() }
        sorted = replies.map(\.rate).sorted { $0.isLess(than: $1) }
        return true
    }

    /// What a page is supposed to cost.
    func rate(planned: PageRate) -> PageRate {
        switch sorted.count {
        case 0: planned
        case 1: sorted[0].isWithin(Self.trust, of: planned) ? sorted[0] : planned
        case 2: (sorted + [planned]).sorted { $0.isLess(than: $1) }[1]
        // The lesser one of two that are in the middle.
        default: sorted[(sorted.count - 1) / 2]
        }
    }
}

extension PageRate {
    func isLess(than other: PageRate) -> Bool {
        credits.booked * Int128(other.pages) < other.credits.booked * Int128(pages)
    }

    /// Whether neither is more than so many times the other.
    func isWithin(_ factor: Int128, of other: PageRate) -> Bool {
        // Divided rather than multiplied: each product may fill all of 126 bits.
        let one = credits.booked * Int128(other.pages)
        let two = other.credits.booked * Int128(pages)
        return one / factor <= two && two / factor <= one
    }

    /// Credits for so many pages, in millionths, rounded up; at least 0.
    func micros(forPages count: Int128) -> Int128 {
        let (product, overflow) = credits.booked.multipliedReportingOverflow(by: count)
        // A number of pages that does not fit is absurd, and so is what they cost.
        guard !overflow else { return .max }
        let (sum, carry) = product.addingReportingOverflow(Int128(pages - 1))
        return (carry ? .max : sum) / Int128(pages)
    }

    /// Credits for one page, rounded to the nearest millionth.
    public var creditsPerPage: MicroCredits {
        let (quotient, rest) = credits.booked.quotientAndRemainder(dividingBy: Int128(pages))
        return MicroCredits(clamping: rest >= Int128(pages) - rest ? quotient + 1 : quotient)
    }
}
