import Budgeting
import Caching
import Coalescing
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// A client's request, from its question to its answer: what `Exchange` performs.
///
/// Sendable because everything of a run is on one thread.
final class Asker: @unchecked Sendable {
    let number: Int
    let worker: Int
    let key: Int
    let question: Int
    let directives: CacheDirectives
    /// The step in which it was asked.
    let askedStep: Int
    let stamp: PurgeStamp
    private unowned let process: Process
    private var place: TeamPlace?
    private var isFollower = false
    /// How many reservations were made for it.
    var reservations = 0

    private var world: World { process.world }
    var team: Int { Places.team(ofKey: key) }
    var cacheKey: CacheKey { Places.cacheKey(question, key: key) }
    var documentID: String { Places.questions[question].request.documentID }

    init(_ process: Process, number: Int, worker: Int, key: Int, question: Int, directives: CacheDirectives) {
        self.process = process
        self.number = number
        self.worker = worker
        self.key = key
        self.question = question
        self.directives = directives
        askedStep = process.world.steps
        stamp = process.rooms.cache.purges.stamp()
    }

    var ticket: FlightTicket {
        FlightTicket(
            worker: worker,
            exchange: UInt64(number),
            team: Places.teams[team].id,
            key: Places.keys[key].id,
            documentID: documentID,
            classifier: nil
        )
    }

    var rule: FlightAsker {
        FlightAsker(directives: directives, isFollower: isFollower, cache: Places.cache, now: world.now.wall)
    }

    // MARK: The question

    func begin() {
        guard process.directory.find(secretDigest: Places.keys[key].secretDigest, at: world.now.wall) != nil else {
            world.counts.strangers += 1
            return world.note("asker \(number) is refused: \(Places.keys[key].id) is revoked")
        }
        let cache = process.rooms.cache
        process.askers[number] = self
        let fingerprint = Places.fingerprint(question, key: key)
        if let result = cache.find(alias: fingerprint), rule.usable(result) != nil {
            world.counts.aliasHits += 1
            return hit(result)
        }
        if let result = cache.find(cacheKey), rule.usable(result) != nil { return hit(result) }
        place = process.rooms.throttles.find(Places.teams[team]).takePlace()
        guard place != nil else {
            world.counts.throttled += 1
            return end("is refused: its team has too many requests at once")
        }
        if directives.onlyIfCached {
            guard !directives.noCache, !directives.noStore else { return end("is told that nothing is cached") }
            process.store.find(cacheKey, pagesOf: nil) { [self] result in
                process.post("a look-up's answer", to: worker) { [self] in looked(result) }
            }
        } else if directives.noStore {
            fly(nil, looksUp: false)
        } else {
            join(looksUp: !directives.noCache)
        }
    }

    private func looked(_ result: Result<Finding, StoreFault>) {
        guard isWaiting else { return }
        guard case .success(let finding) = result, let found = finding.result, rule.usable(found) != nil else {
            return end("is told that nothing is cached")
        }
        process.rooms.cache.insert(StampedResult(found, asked: stamp))
        hit(found)
    }

    private func join(looksUp: Bool) {
        switch process.rooms.flights.join(cacheKey, ticket: ticket) {
        case .leader(let permit):
            process.permits += 1
            fly(permit, looksUp: looksUp)
        case .follower:
            isFollower = true
            world.note("asker \(number) follows")
        case .full: end("is refused: too many follow")
        }
    }

    private func fly(_ permit: consuming FlightPermit<FlightTicket>?, looksUp: Bool, since step: Int? = nil) {
        isFollower = false
        Leader(process, self, permit, flightStep: step ?? world.steps).begin(looksUp: looksUp)
    }

    /// Leads the flight whose leader was refused. False when it does not wait in a flight any more.
    func lead(_ offer: FlightOffer, flightStep: Int) -> Bool {
        guard isWaiting, isFollower else { return false }
        world.counts.handedOn += 1
        fly(offer.take(), looksUp: !directives.noCache, since: flightStep)
        return true
    }

    var isWaiting: Bool { process.askers[number] === self }

    // MARK: The answer

    /// The flight has landed.
    ///
    /// - Parameters:
    ///   - reservation: under which the vendor was asked.
    ///   - call: which was answered.
    func receive(_ outcome: FlightOutcome, _ reservation: ReservationID?) {
        guard isWaiting else { return }
        let answer = rule.answer(outcome)
        world.check(answer, to: self, isFollower: isFollower, reservation)
        switch answer {
        case .hit(let result, _):
            process.rooms.cache.remember(alias: Places.fingerprint(question, key: key), for: result)
            hit(result)
        case .askVendor:
            world.counts.askedAgain += 1
            join(looksUp: false)
        case .reply(let reply, let charged, _):
            if isFollower { world.counts.collapsed += 1 }
            if let result = reply.result {
                process.rooms.cache.remember(alias: Places.fingerprint(question, key: key), for: result)
            }
            world.checkPurges(reply.body, to: self)
            end("is answered \(reply.status), charged \(charged)")
        case .substitute(let result, _, let charged):
            world.counts.substitutes += 1
            world.checkPurges(result.body, to: self)
            end("is answered with a stale result, charged \(charged)")
        case .failed(let failure, let charged): end("is told \(failure.code), charged \(charged)")
        case .denied(let denial):
            world.counts.denied += 1
            end("is refused by \(denial.scope)'s \(denial.window.rawValue)")
        case .storeFailed:
            world.counts.storeRefusals += 1
            end("is told that the store does not work")
        case .draining: end("is told that the gateway is leaving")
        }
    }

    private func hit(_ result: CachedResult) {
        world.counts.hits += 1
        if world.disk.condition != .works { world.counts.hitsWithoutStore += 1 }
        if reservations > 0 { world.violate(.i6, "asker \(number) has a hit, and \(reservations) reservations") }
        world.checkPurges(result.body, to: self)
        end("has a hit")
    }

    private func end(_ words: String) {
        guard isWaiting else {
            return world.violate(.oneAnswer, "asker \(number) \(words), and has been answered or has left")
        }
        process.askers[number] = nil
        place = nil
        world.note("asker \(number) \(words)")
        world.checkMeter(ofKey: key)
    }

    /// The client goes; nobody is told of the answer.
    func leave() {
        process.askers[number] = nil
        place = nil
        world.counts.left += 1
        world.note("asker \(number) leaves")
    }
}
