import Budgeting
import Caching
import HTTPMessages
import Keying
import Upstream
import Vocabulary

/// The question of a flight, its asker, and what may be done with the answer: all that is needed to judge a reply.
struct FlightQuestion {
    let request: ClassifyRequest
    /// The labels of the request. Parsed at the first call.
    let labels: () -> [[UInt8]]
    let key: CacheKey
    /// The team in whose name it is forwarded.
    let team: TeamID
    let account: AccountID
    /// False for `no-store`.
    let mayStore: Bool
    let cache: CacheSettings
    let now: Timestamp

    private var expectation: ClassifyReply.Expectation {
        request.classifier.map { .anyLabel(of: $0.identifier) } ?? .label(of: labels())
    }

    typealias Verdict = (outcome: FlightOutcome, conclusion: FlightCourse.Conclusion)

    /// The outcome of the flight for a reply, and how its reservation ends: docs/faults.md §3.
    func judge(_ reply: UpstreamReply, upstreamKey: UpstreamKeyID, stale: CachedResult?) -> Verdict {
        guard reply.status == 200 else { return judgeError(reply, upstreamKey: upstreamKey, stale: stale) }
        let read = Self.read(reply)
        switch read.verdict(documentID: request.documentID, expecting: expectation) {
        case .storable(let credits):
            let result = mayStore ? result(reply, credits, read) : nil
            var conclusion = FlightCourse.Conclusion(ending: .settled(credits), paid: paid(read, credits))
            if let result { conclusion.keeping = .durably(result) }
            return (.forwarded(ForwardedReply(reply, credits, result), stale: stale), conclusion)
        case .failedReply(let credits):
            let conclusion = FlightCourse.Conclusion(ending: .settled(credits))
            return (.forwarded(ForwardedReply(reply, credits, nil), stale: stale), conclusion)
        case .passedOnUnstored(let credits, let reason):
            var conclusion = FlightCourse.Conclusion(ending: .settled(credits), paid: paid(read, credits))
            let detail = "\(reason); the reply is passed on, not stored"
            conclusion.note = FlightCourse.Note(code: "upstream_result_not_storable", detail: detail)
            return (.forwarded(ForwardedReply(reply, credits, nil), stale: stale), conclusion)
        case .unsoundCredits:
            let detail = "credits_used is missing or no amount; the reply is passed on, not stored"
            let note = FlightCourse.Note(code: "upstream_credits_unsound", detail: detail)
            let conclusion = FlightCourse.Conclusion(ending: .unconfirmed, note: note)
            return (.forwarded(ForwardedReply(reply, nil, nil), stale: stale), conclusion)
        case .invalid(let reason, let credits):
            let note = FlightCourse.Note(code: "upstream_invalid_response", detail: reason)
            let ending = credits.map(ReservationEnding.Outcome.settled) ?? .unconfirmed
            let outcome = FlightOutcome.failed(.invalidReply(reason), stale: stale, charged: credits ?? .zero)
            return (outcome, FlightCourse.Conclusion(ending: ending, note: note))
        }
    }

    /// Judges a reply other than 200, which is passed on. It costs what it says, or nothing if it says nothing, unless
    /// the vendor may have done the work (2xx). The cost is unconfirmed then, as it is if the amount is unsound. 400
    /// and 404 may be kept for a while, in memory only, if they are JSON objects: a hit says `application/json`, and a
    /// page of something in between is no answer of the vendor.
    private func judgeError(_ reply: UpstreamReply, upstreamKey: UpstreamKeyID, stale: CachedResult?) -> Verdict {
        let read = Self.read(reply)
        let (ending, credits) = ReplyCharge.ending(status: reply.status, read.credits)
        var conclusion = FlightCourse.Conclusion(ending: ending)
        if reply.status == 402 { conclusion.note = .outOfCredits(upstreamKey) }
        // An encoded body is not kept, since results have no Content-Encoding.
        let keeps =
            mayStore && cache.keepsNegative(reply.status) && reply.contentEncoding == nil && read.isObject
            && read.isStrict && reply.contentType.map { TokenList.isMediaType($0.span, "application/json") } ?? true
        let result = keeps ? result(reply, credits ?? .zero, nil) : nil
        if let result { conclusion.keeping = .inMemory(result) }
        return (.forwarded(ForwardedReply(reply, credits, result), stale: stale), conclusion)
    }

    private static func read(_ reply: UpstreamReply) -> ClassifyReply {
        let body = reply.body
        return ClassifyReply.read(body.span)
    }

    /// What estimates may learn from the reply; nil if it does not state a sound page count.
    private func paid(_ read: ClassifyReply, _ credits: MicroCredits) -> FlightCourse.PaidPages? {
        guard let pages = read.pageCount, (1...PageSet.pageMax).contains(pages) else { return nil }
        return FlightCourse.PaidPages(pages: pages, credits: credits)
    }

    private func result(_ reply: UpstreamReply, _ credits: MicroCredits, _ read: ClassifyReply?) -> CachedResult {
        CachedResult(
            key: key,
            status: UInt16(reply.status),
            body: reply.body,
            creditsRange: read?.creditsRange,
            credits: credits,
            storedAt: now,
            account: account,
            team: team,
            documentID: request.documentID,
            model: request.model,
            pageRange: request.pages?.text,
            classification: read?.classification ?? "",
            classifier: request.classifier?.foldedIdentifier
        )
    }
}

extension FlightCourse.Note {
    /// The vendor answered 402.
    static func outOfCredits(_ upstreamKey: UpstreamKeyID) -> FlightCourse.Note {
        let detail = "the vendor says so of the account of upstream key \(upstreamKey.rawValue)"
        return FlightCourse.Note(code: "upstream_out_of_credits", detail: detail)
    }
}

extension ForwardedReply {
    fileprivate init(_ reply: UpstreamReply, _ credits: MicroCredits?, _ result: CachedResult?) {
        self.init(
            status: reply.status,
            contentType: reply.contentType,
            retryAfter: reply.retryAfter,
            contentEncoding: reply.contentEncoding,
            body: reply.body,
            credits: credits,
            result: result,
            duration: reply.duration,
            queued: reply.queued
        )
    }
}
