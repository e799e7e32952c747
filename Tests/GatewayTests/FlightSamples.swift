import Budgeting
import Caching
import Keying
import UpstreamKeys
import Vocabulary

@testable import Gateway
@testable import Upstream

/// Samples for tests of flights: one document, and the teams of one account that ask about it.
enum FlightSamples {
    static let now = Timestamp(seconds: 1_728_000_000)
    static let document = "0b13c9f2-5148-4ffb-bb7b-000000000001"
    static let key = CacheKey(Digest(1, 2, 3, 4))
    static let account = AccountID(rawValue: "default")
    static let upstreamKey = UpstreamKeyID(rawValue: "primary")
    static let fault = StoreFault(code: .full, detail: "test")

    static func credits(_ count: Int64) -> MicroCredits { MicroCredits(micros: count * 1_000_000) }

    static func request() -> ClassifyRequest {
        let categories = #"[{"label":"invoice","description":"a"},{"label":"letter","description":"b"}]"#
        let body = #"{"document_id":"\#(document)","classification_schema":\#(categories)}"#
        do throws(KeyingFault) {
            return try ClassifyReader().read(Array(body.utf8).span, schemaOrder: .insignificant)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static func question(mayStore: Bool = true, negativeTTL: Duration = .seconds(60)) -> FlightQuestion {
        FlightQuestion(
            request: request(),
            labels: { request().labels },
            key: key,
            team: TeamID(rawValue: "team"),
            account: account,
            mayStore: mayStore,
            cache: CacheSettings(
                timeToLive: .seconds(60),
                staleIfError: .zero,
                negativeTimeToLive: negativeTTL,
                schemaOrder: .insignificant,
                hitsReportZeroCredits: false,
                memoryBytesMax: 1_000_000
            ),
            now: now
        )
    }

    static func reply(
        _ status: Int = 200,
        _ body: String,
        contentType: String? = nil,
        contentEncoding: String? = nil
    ) -> UpstreamReply {
        UpstreamReply(
            status: status,
            contentType: contentType.map { Array($0.utf8) },
            retryAfter: nil,
            contentEncoding: contentEncoding.map { Array($0.utf8) },
            body: Array(body.utf8),
            duration: .seconds(1),
            queued: .zero
        )
    }

    /// A 200 with the required members, followed by the given ones.
    static func completed(_ members: String..., about id: String = document, status: String = "completed")
        -> UpstreamReply
    {
        let all = [#""request_status":"\#(status)""#, #""document_id":"\#(id)""#] + members
        return reply(200, "{" + all.joined(separator: ",") + "}")
    }

    static func result(_ body: String = "{}") -> CachedResult {
        CachedResult(
            key: key,
            status: 200,
            body: Array(body.utf8),
            creditsRange: nil,
            credits: credits(2),
            storedAt: now,
            account: account,
            team: TeamID(rawValue: "team"),
            documentID: document,
            model: "gpt-4o-mini",
            pageRange: nil,
            classification: "invoice"
        )
    }

    static func reservation(_ id: Int64 = 1) -> Reservation {
        let ask = ReservationAsk(
            team: TeamID(rawValue: "team"),
            key: TeamKeyID(rawValue: "key"),
            account: account,
            upstreamKey: upstreamKey,
            documentID: document,
            model: "gpt-4o-mini",
            pages: nil,
            cacheKey: key,
            requestID: "request"
        )
        return Reservation(
            id: ReservationID(rawValue: id),
            day: BudgetDay(number: 20_000),
            ask: ask,
            estimate: credits(3),
            createdAt: now
        )
    }

    static func denial(_ scope: BudgetScope = .team(TeamID(rawValue: "team"))) -> Denial {
        Denial(
            scope: scope,
            window: .month,
            limit: credits(1),
            spent: credits(1),
            unconfirmed: .zero,
            reserved: .zero,
            estimate: credits(1),
            resetsAt: nil
        )
    }

    static func failure(_ code: UpstreamFailure.Code, _ charged: UpstreamFailure.Charge) -> UpstreamFailure {
        UpstreamFailure(code, charged: charged, source: .vendor, "test")
    }
}

// Descriptions of a course's decisions, which the tables compare.
extension FlightCourse.Step {
    var words: String {
        switch self {
        case .lookUp(let result, let pages): "look up" + (result ? " result" : "") + (pages ? " pages" : "")
        case .reserve(let pages, _): "reserve" + (pages.map { " for \($0)" } ?? "")
        case .follow(let flight): "follow \(flight.rawValue)"
        case .forward(let reservation): "forward \(reservation.id.rawValue)"
        case .conclude(let reservation, let conclusion): "end \(reservation.id.rawValue): \(conclusion.words)"
        case .land(let outcome, let note): "land \(outcome.words)" + (note.map { ", log \($0.code)" } ?? "")
        case .landStored: "keep, land found"
        case .handOn: "hand on"
        }
    }
}

extension FlightCourse.Conclusion {
    var words: String {
        let kept =
            switch keeping {
            case .nothing: ""
            case .durably: ", stored"
            case .inMemory: ", in memory"
            }
        let learned = paid.map { ", \($0.credits) for \($0.pages)" } ?? ""
        return "\(ending.words)\(kept)\(learned)\(isCut ? ", cut" : "")\(note.map { ", log \($0.code)" } ?? "")"
    }
}

extension ReservationEnding.Outcome {
    var words: String {
        switch self {
        case .settled(let credits): "settled \(credits)"
        case .released: "released"
        case .unconfirmed: "unconfirmed"
        }
    }
}

extension FlightOutcome {
    var words: String {
        switch self {
        case .found: "found"
        case .forwarded(let reply, let stale):
            "\(reply.status) for \(reply.credits.map { "\($0)" } ?? "?")\(stale == nil ? "" : ", stale")"
        case .failed(let failure, let stale, let charged):
            "\(failure.code.errorCode.rawValue) for \(charged)\(stale == nil ? "" : ", stale")"
        case .denied: "denied"
        case .storeFailed: "store failed"
        case .refused: "draining"
        case .elsewhere(let outcome): "elsewhere \(outcome.words)"
        }
    }
}
