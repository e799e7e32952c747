internal import Budgeting
internal import Reporting
import Vocabulary

/// The payments and rates of some endings, written together, with the same outcome as if they had been booked one after the
/// other. Confined to the writer's thread. The steps are called in the order in which they stand here.
final class BookingGroup {
    private struct Paid {
        let booking: Booking
        let question: PaidQuestion
        let payment: Payment
        /// The latest earlier payments for its document, latest first.
        let earlier: [Payment]

        var hasSameQuestion: Bool { earlier.contains { $0.key == payment.key } }
    }

    private var earlier: [DocumentKey: [Payment]] = [:]
    private var schemas = SchemaPlaces()
    private var rates = RateChanges()
    private var paid: [Paid] = []

    /// Asks for what must be known of an ending: earlier payments for its document, and its schema.
    func lookUp(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        guard ending.outcome.isPayment, let question = ending.question else { return }
        let document = ending.reservation.ask.document
        if earlier[document] == nil {
            earlier[document] = []
            try PaymentTable.lookUp(document, on: connection) { [self] in earlier[document]!.append($0) }
        }
        try schemas.lookUp(question.parts, on: connection)
    }

    /// What the bookings come to, one after the other; what has been asked for is there.
    func arrange(_ bookings: [Booking]) {
        for booking in bookings {
            rates.add(booking.ending)
            if let paid = booking.paid { pay(booking, paid) }
        }
    }

    private func pay(_ booking: Booking, _ paid: Booking.Paid) {
        let document = booking.ending.reservation.ask.document
        let payment = PaymentTable.payment(booking.ending, paid)
        let others = earlier[document] ?? []
        self.paid.append(Paid(booking: booking, question: paid.question, payment: payment, earlier: others))
        let place = others.firstIndex { $0.id < payment.id } ?? others.count
        let latest = others[..<place] + [payment] + others[place...]
        earlier[document] = Array(latest.prefix(Int(PaymentTable.comparedMax)))
        schemas.keep(paid.question.parts)
    }

    /// The questions that were paid for before, and of which it is not known whether there is a result.
    var undecided: Set<CacheKey> { Set(paid.lazy.filter(\.hasSameQuestion).compactMap(\.booking.undecidedKey)) }

    /// - Parameter stored: those of the undecided questions that the store had a result of.
    func write(stored: Set<CacheKey>, on connection: StoreConnection) throws {
        for paid in paid {
            if let (first, reason) = repeated(paid, stored) {
                try RepeatTable.add(paid.booking.ending, repeating: first, reason, on: connection)
            }
            try PaymentTable.add(paid.payment, paid.booking.ending.reservation.ask, on: connection)
        }
        try schemas.write(on: connection)
        try rates.write(on: connection)
    }

    /// Why a payment could not be avoided when the account had paid for the document before.
    private func repeated(_ paid: Paid, _ stored: Set<CacheKey>) -> (first: Payment, reason: RepeatReason)? {
        let question = paid.question
        let isResultThere = paid.booking.isResultThere ?? stored.contains(paid.payment.key)
        let later = LaterPayment(
            payment: paid.payment,
            createdAt: paid.booking.ending.reservation.createdAt,
            noCache: question.noCache,
            noStore: question.noStore,
            maxAgeSeconds: question.maxAgeSeconds,
            lifetimeMicroseconds: question.lifetimeMicroseconds,
            isResultThere: paid.hasSameQuestion && isResultThere
        )
        return later.repeated(among: paid.earlier)
    }
}

extension ReservationAsk {
    fileprivate var document: DocumentKey { DocumentKey(account: account, documentID: documentID) }
}
