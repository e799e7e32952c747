import Vocabulary

/// Whether a 401 or a 403 is about the key or about the request: `docs/faults.md` §4.
///
/// - A rejected request is put to another key. If that one succeeds, the first key is at fault.
/// - If that one refuses too, the request is the suspect, and neither key suffers. Only a 401 counts against both all the
///   same: it says that the key is not known, which nothing in a request can bring about, while a 403 may come from a
///   filter before the vendor that dislikes a text.
/// - Where no other key gave an opinion, refusals of different documents in a row are counted: see `RefusalCount`.
///
/// The opinion of a key in quarantine counts only when it is a success: what it refuses says nothing of the request.
///
/// A request is tried twice at most. A key that cools is waited for only where the first key was refused as a key: what
/// is most likely the document's own 403 would else wait for a second opinion as long as for an answer.
extension UpstreamKeyRing {
    /// - Parameter first: the rejection before, when this was the second try.
    mutating func rejected(_ rejection: FirstRejection, after first: FirstRejection?, at now: Moment) -> (
        Ruling, [UpstreamKeyRecord]
    ) {
        guard let first else {
            let others = outlook(without: [rejection.key], at: now)
            if others == .open { return (.tryAnother, []) }
            if rejection.rejection != .refused, others != .closed { return (.tryAnother, []) }
            let (ruling, record) = ruleAlone(on: rejection, at: now)
            return (ruling, record.map { [$0] } ?? [])
        }
        let isShaped = rejection.rejection == .refused || first.rejection == .refused
        let suspects = [(first, rejection), (rejection, first)].filter { one, other in
            one.rejection == .unauthorized || isQuarantined(other.key)
        }
        let records = suspects.compactMap { one, _ in count(one, at: now) }
        return (isShaped ? .passOn : .keyRejected, records)
    }

    /// The ruling where no other key was found to say more, or none that gave an opinion.
    mutating func ruleAlone(on first: FirstRejection, at now: Moment) -> (Ruling, UpstreamKeyRecord?) {
        let record = count(first, at: now)
        let isAccepted = first.rejection == .refused && !isQuarantined(first.key)
        return (isAccepted ? .passOn : .keyRejected, record)
    }

    /// Counts a refusal against its key, unless that is in quarantine already.
    private mutating func count(_ refusal: FirstRejection, at now: Moment) -> UpstreamKeyRecord? {
        guard let reason = addRefusal(refusal) else { return nil }
        return quarantine(refusal.key, for: reason, at: now)
    }
}
