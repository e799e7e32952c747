import Transport
import UpstreamKeys
import Vocabulary

extension UpstreamAttempt {
    /// The state machine of one call. Pure: an event goes in, actions come out.
    ///
    /// States and transitions:
    /// - new → entering (`begin`): the gate is asked; it answers at once, or later: queued.
    /// - queued, entering → moving, when the gate gives a key other than the one that the call is booked to.
    /// - → connecting → sent on a pooled connection; else connecting → resolving → dialing → sent.
    /// - resolving, dialing → pausing → connecting, at most `reconnectsMax` times, when nothing could be sent.
    /// - sent → ruling, when the vendor rejected the call: the gate decides whether another key is tried.
    /// - any → rulingAlone, when there is no other key to try after a rejection.
    /// - any → ended, once.
    ///
    /// A request that is passed through holds its place only while the vendor works on it: it is set aside as long as
    /// its content is still coming, and from the head of the reply on, unless the reply comes whole.
    ///
    /// A state with a pass holds the call's place at the gate. Each transition out of such a state returns the pass by
    /// `leave` or `rule`, or hands it to the next state, so that it is returned exactly once on every path.
    struct StateMachine {
        enum Event {
            case begin
            /// The gate's answer, at once or after a wait.
            case entered(UpstreamGate.Entry)
            /// The call has left the queue, with this failure.
            indirect case leftQueue(UpstreamFailure)
            /// The outcome of booking the call to the key of its pass.
            case moved(UpstreamKeyMoved)
            /// A connection is ready to send on.
            case connected
            /// No connection is idle. The host is for the log.
            case noneIdle(host: String)
            case resolved(Result<[SocketAddress], ConnectFault>)
            case dialFailed(ConnectFault)
            /// The call waits for its client from here on, not for the vendor.
            case waitsForClient
            /// The vendor has the whole request, and works on it.
            case waitsForVendor
            case answered(Answer)
            /// The gate's ruling on a rejection.
            case ruled(Ruling)
            /// `deadline` has passed.
            case timeIsUp
            /// The gateway shuts down: no further call is let out, unless the gate had already decided to.
            case drain
            /// The gateway stops waiting for calls.
            case cut
            /// The caller gives the call up.
            case abandon
        }

        /// The surroundings of an event: time, shutdown and settings.
        struct Scene {
            let now: MonotonicInstant
            let shutdown: UpstreamClient.Shutdown
            let connectTimeout: Duration
            /// Random, up to 50 ms, so that calls that failed together do not retry together. Asked for when it is
            /// needed: a random number takes a system call.
            let jitter: () -> Duration
            /// Whether this node is not taken for dead by others: nothing is sent otherwise. Only with `connected`,
            /// right before the first byte, does it say so.
            let maySend: Bool
        }

        /// The result of a request that was sent.
        enum Answer {
            /// The call ends with it. The report is for the gate.
            case final(UpstreamOutcome, UpstreamGate.Report)
            /// The key must pause.
            case limited(Duration?)
            case rejected(Rejection, UpstreamReply)
        }

        /// What to do, in this order. `enter`, `connect`, `rule` and `ruleAlone` are answered at once, so they come
        /// last.
        enum Action {
            case enter(isRepeated: Bool)
            /// Leaves the queue if the call is still in it, and fails with this, or else with the gate's failure.
            indirect case leaveQueue(telling: UpstreamFailure?)
            /// Books the call to another key.
            case move(to: UpstreamKeyID)
            /// Takes an idle connection, if there is one.
            case connect
            case resolve
            case dial([SocketAddress], timeout: Duration)
            /// Sends the request on the connection that was reported, with the key of the pass.
            case send(UpstreamGate.Pass)
            /// Closes the connection that was reported, since the call has ended meanwhile.
            case closeConnection
            /// Ends the exchange that is under way, with its connection.
            case abandonExchange
            case setAside(UpstreamGate.Pass)
            case takeUp(UpstreamGate.Pass)
            case leave(UpstreamGate.Pass, UpstreamGate.Report, after: FirstRejection?)
            /// Leaves the gate and asks for a ruling.
            case rule(UpstreamGate.Pass, FirstRejection, after: FirstRejection?)
            case ruleAlone(FirstRejection)
            case finish(UpstreamOutcome)
        }

        /// What one transition has to be done, in this order: at most three actions. In place, not in an array: a call
        /// takes several transitions.
        enum Actions: Sequence {
            case none
            case one(Action)
            case two(Action, Action)
            case three(Action, Action, Action)

            init() { self = .none }

            init(_ action: consuming Action) { self = .one(action) }

            static func + (first: consuming Action, rest: consuming Actions) -> Actions {
                switch consume rest {
                case .none: .one(first)
                case .one(let second): .two(first, second)
                case .two(let second, let third): .three(first, second, third)
                case .three: preconditionFailure("more actions than a transition has")
                }
            }

            func makeIterator() -> some IteratorProtocol<Action> {
                let list: [Action] =
                    switch self {
                    case .none: []
                    case .one(let first): [first]
                    case .two(let first, let second): [first, second]
                    case .three(let first, let second, let third): [first, second, third]
                    }
                return list.makeIterator()
            }
        }

        /// Why no connection was made; nothing was sent.
        enum ConnectFault: Error {
            case network(String)
            case tls(String)
            /// This side lacks a descriptor, a port or memory; the vendor is not at fault.
            case exhausted(String)
        }

        private enum State {
            case new
            case entering
            case queued
            case moving(UpstreamGate.Pass)
            case connecting(UpstreamGate.Pass, Connecting)
            case resolving(UpstreamGate.Pass, Connecting, host: String)
            case dialing(UpstreamGate.Pass, Connecting)
            case pausing(UpstreamGate.Pass, Connecting, until: MonotonicInstant)
            case sent(UpstreamGate.Pass)
            case ruling(FirstRejection, UpstreamReply)
            case rulingAlone(UpstreamFailure)
            case ended
        }

        /// The progress towards one connection.
        private struct Connecting {
            let deadline: MonotonicInstant
            var failures = 0
        }

        /// The maximum number of connection retries, after failures in which nothing was sent.
        private static let reconnectsMax = 2

        /// Whether the call may be sent again after the vendor said that it did not take it.
        private let mayTry: Bool
        private let documentID: String
        private let queueTimeout: Duration
        /// The key that the call is booked to.
        private(set) var booked: UpstreamKeyID
        /// Keys that it must not go out with: the rejected one, and keys whose month has no room left.
        private(set) var without: [UpstreamKey] = []
        private var state = State.new
        private var isAbandoned = false
        private var queueDeadline = MonotonicInstant.distantFuture
        /// The first answer, if it was a rejection.
        private var first: (rejection: FirstRejection, reply: UpstreamReply)?
        /// Whether it waits for a key that pauses. A refusal that is most likely about the document does not wait for a
        /// second opinion, which another key may give at once.
        private var hasPatience = true

        init(_ call: UpstreamCall, queueTimeout: Duration) {
            (mayTry, documentID) = (call.mayTry, call.documentID)
            self.queueTimeout = queueTimeout
            booked = call.key
        }

        /// When `timeIsUp` is due; nil while another event is awaited.
        var deadline: MonotonicInstant? {
            switch state {
            case .queued: queueDeadline
            case .resolving(_, let connecting, _): connecting.deadline
            case .pausing(_, _, let until): until
            case .new, .entering, .moving, .connecting, .dialing, .sent, .ruling, .rulingAlone, .ended: nil
            }
        }

        /// Whether the call still awaits the end of an exchange.
        var awaitsAnswer: Bool { if case .sent = state { true } else { false } }

        mutating func handle(_ event: Event, in scene: Scene) -> Actions {
            switch event {
            case .begin: begin(scene)
            case .entered(let entry): entered(entry, scene)
            case .leftQueue(let failure): leftQueue(failure)
            case .moved(let moved): self.moved(moved, scene)
            case .connected: connected(scene)
            case .noneIdle(let host): noneIdle(host)
            case .resolved(let result): resolved(result, scene)
            case .dialFailed(let fault): dialFailed(fault, scene)
            case .waitsForClient: waitsForClient()
            case .waitsForVendor: waitsForVendor()
            case .answered(let answer): answered(answer)
            case .ruled(let ruling): ruled(ruling)
            case .timeIsUp: timeIsUp(scene)
            case .drain: drain()
            case .cut: cut(outcome: .failure(.draining(charged: .unknown)))
            case .abandon: abandon()
            }
        }

        // MARK: The gate

        private mutating func begin(_ scene: Scene) -> Actions {
            guard case .new = state else { impossible("begin") }
            if isAbandoned { return finish(.abandoned(wasSent: false)) }
            guard scene.shutdown == .none else { return refused(.draining(charged: .no)) }
            queueDeadline = scene.now + queueTimeout
            state = .entering
            return Actions(.enter(isRepeated: false))
        }

        /// Enters the gate again; a call that was sent must be one that may be tried again.
        private mutating func enterAgain() -> Actions {
            state = .entering
            return Actions(.enter(isRepeated: true))
        }

        private mutating func entered(_ entry: UpstreamGate.Entry, _ scene: Scene) -> Actions {
            switch state {
            case .entering, .queued: break
            case .new, .moving, .connecting, .resolving, .dialing, .pausing, .sent, .ruling, .rulingAlone, .ended:
                impossible("entered")
            }
            switch entry {
            case .go(let pass):
                // Let out while the gateway ended every call, or the caller this one.
                if scene.shutdown == .cut || isAbandoned { return withdraw(pass) }
                if pass.key.id == booked { return goOut(pass, scene) }
                state = .moving(pass)
                return Actions(.move(to: pass.key.id))
            case .wait:
                state = .queued
                if isAbandoned { return leaveQueue(telling: .draining(charged: .no)) }
                if !hasPatience { return leaveQueue(telling: .keyRejected) }
                return scene.shutdown == .none ? Actions() : drain()
            case .refused(let failure): return refused(failure)
            }
        }

        private mutating func leftQueue(_ failure: UpstreamFailure) -> Actions {
            guard case .queued = state else { impossible("leftQueue") }
            return refused(failure)
        }

        /// Nothing was sent, and nothing will be.
        private mutating func withdraw(_ pass: UpstreamGate.Pass) -> Actions {
            leave(pass, .unused) + refused(.draining(charged: .no))
        }

        private func leaveQueue(telling failure: UpstreamFailure) -> Actions {
            Actions(.leaveQueue(telling: failure))
        }

        /// The call cannot go out. If it was out before and was rejected, the rejection decides the outcome.
        private mutating func refused(_ failure: UpstreamFailure) -> Actions {
            if isAbandoned { return finish(.abandoned(wasSent: first != nil)) }
            guard let first else { return finish(.failure(failure)) }
            state = .rulingAlone(failure)
            return Actions(.ruleAlone(first.rejection))
        }

        /// Nothing is sent while the call is being booked to another key; a shutdown waits for the booking.
        private mutating func moved(_ moved: UpstreamKeyMoved, _ scene: Scene) -> Actions {
            guard case .moving(let pass) = state else { impossible("moved") }
            switch moved {
            case .done where scene.shutdown == .cut || isAbandoned: return withdraw(pass)
            case .done:
                booked = pass.key.id
                return goOut(pass, scene)
            case .noRoom where isAbandoned: return withdraw(pass)
            case .noRoom:
                without.append(pass.key)
                return leave(pass, .unused) + enterAgain()
            case .failed: return leave(pass, .unused) + finish(.givenUp)
            }
        }

        // MARK: Connecting

        private mutating func goOut(_ pass: UpstreamGate.Pass, _ scene: Scene) -> Actions {
            connect(pass, Connecting(deadline: scene.now + scene.connectTimeout))
        }

        private mutating func connect(_ pass: UpstreamGate.Pass, _ connecting: Connecting) -> Actions {
            state = .connecting(pass, connecting)
            return Actions(.connect)
        }

        private mutating func noneIdle(_ host: String) -> Actions {
            guard case .connecting(let pass, let connecting) = state else { impossible("noneIdle") }
            state = .resolving(pass, connecting, host: host)
            return Actions(.resolve)
        }

        private mutating func resolved(_ result: Result<[SocketAddress], ConnectFault>, _ scene: Scene) -> Actions {
            // An answer after `connect_timeout`, or after the call was ended.
            guard case .resolving(let pass, let connecting, _) = state else { return Actions() }
            switch result {
            case .failure(let fault): return failed(fault, pass, connecting, scene)
            case .success(let addresses):
                let left = connecting.deadline - scene.now
                guard left > .zero else {
                    return failed(.network("connect_timeout has passed"), pass, connecting, scene)
                }
                state = .dialing(pass, connecting)
                return Actions(.dial(addresses, timeout: left))
            }
        }

        private mutating func connected(_ scene: Scene) -> Actions {
            switch state {
            case .connecting(let pass, _), .dialing(let pass, _):
                guard scene.maySend else {
                    return Action.closeConnection + (leave(pass, .unused) + refused(.notConfirmed))
                }
                state = .sent(pass)
                return Actions(.send(pass))
            case .ended: return Actions(.closeConnection)
            case .new, .entering, .queued, .moving, .resolving, .pausing, .sent, .ruling, .rulingAlone:
                impossible("connected")
            }
        }

        private mutating func dialFailed(_ fault: ConnectFault, _ scene: Scene) -> Actions {
            switch state {
            case .dialing(let pass, let connecting): return failed(fault, pass, connecting, scene)
            case .ended: return Actions()
            case .new, .entering, .queued, .moving, .connecting, .resolving, .pausing, .sent, .ruling, .rulingAlone:
                impossible("dialFailed")
            }
        }

        /// Nothing was sent. A network failure is retried after a pause. A TLS failure is never retried in another way.
        /// Exhaustion on this side ends the call and says nothing about the vendor's health.
        private mutating func failed(
            _ fault: ConnectFault,
            _ pass: UpstreamGate.Pass,
            _ connecting: Connecting,
            _ scene: Scene
        ) -> Actions {
            switch fault {
            case .network(let detail):
                var connecting = connecting
                connecting.failures += 1
                let end = scene.now + .milliseconds(50 * connecting.failures) + scene.jitter()
                guard connecting.failures <= Self.reconnectsMax, end < connecting.deadline else {
                    return unreachable(detail, pass)
                }
                state = .pausing(pass, connecting, until: end)
                return Actions()
            case .tls(let detail): return unreachable(detail, pass)
            case .exhausted(let detail):
                let failure = UpstreamFailure(
                    .overloaded,
                    charged: .no,
                    source: .gateway,
                    detail,
                    retryAfterSeconds: 1
                )
                return leave(pass, .unused) + finish(.failure(failure))
            }
        }

        private mutating func unreachable(_ detail: String, _ pass: UpstreamGate.Pass) -> Actions {
            let failure = UpstreamFailure(.unreachable, charged: .no, source: .network, detail)
            return leave(pass, .failed) + finish(.failure(failure))
        }

        // MARK: The answer

        private mutating func waitsForClient() -> Actions {
            guard case .sent(let pass) = state, pass.holdsPlace else { return Actions() }
            state = .sent(pass.holdingPlace(false))
            return Actions(.setAside(pass))
        }

        private mutating func waitsForVendor() -> Actions {
            guard case .sent(let pass) = state, !pass.holdsPlace else { return Actions() }
            state = .sent(pass.holdingPlace(true))
            return Actions(.takeUp(pass))
        }

        private mutating func answered(_ answer: Answer) -> Actions {
            guard case .sent(let pass) = state else { impossible("answered") }
            switch answer {
            case .final(let outcome, let report): return leave(pass, report) + finish(outcome)
            case .limited(let pause):
                precondition(mayTry, "a second try of a request that was passed through")
                hasPatience = first?.rejection.rejection != .refused
                return leave(pass, .limited(pause)) + enterAgain()
            case .rejected(let rejection, let reply):
                let rejected = FirstRejection(key: pass.key, rejection: rejection, document: documentID)
                state = .ruling(rejected, reply)
                return Actions(.rule(pass, rejected, after: first?.rejection))
            }
        }

        private mutating func ruled(_ ruling: Ruling) -> Actions {
            switch state {
            case .ruling(let rejected, let reply): return ruled(ruling, on: rejected, reply)
            case .rulingAlone(let failure): return ruledAlone(ruling, insteadOf: failure)
            case .new, .entering, .queued, .moving, .connecting, .resolving, .dialing, .pausing, .sent, .ended:
                impossible("ruled")
            }
        }

        private mutating func ruled(_ ruling: Ruling, on rejected: FirstRejection, _ reply: UpstreamReply) -> Actions {
            switch ruling {
            case .tryAnother:
                first = (rejected, reply)
                guard mayTry else { return refused(.keyRejected) }
                without.append(rejected.key)
                return enterAgain()
            // The vendor's reply was passed on already.
            case .passOn where !mayTry, .keyRejected where !mayTry: return finish(.reply(reply))
            case .passOn:
                return finish(.reply(word(of: rejected.rejection, reply)))
            case .keyRejected: return finish(.failure(.keyRejected))
            }
        }

        /// What is passed on of one refusal or two: a 403 in the vendor's shape, its word on the document, before a
        /// 401, and the later one of equals.
        private func word(of rejection: Rejection, _ reply: UpstreamReply) -> UpstreamReply {
            guard let first, rejection != .refused else { return reply }
            return first.rejection.rejection == .refused || !rejection.isShaped ? first.reply : reply
        }

        private mutating func ruledAlone(_ ruling: Ruling, insteadOf failure: UpstreamFailure) -> Actions {
            guard let first else { preconditionFailure("a ruling alone on nothing") }
            guard mayTry else { return finish(.reply(first.reply)) }
            switch ruling {
            case .passOn: return finish(.reply(first.reply))
            case .keyRejected, .tryAnother:
                // A failure that lets the client retry soon is kept.
                return finish(.failure(failure.code == .noKey ? .keyRejected : failure))
            }
        }

        // MARK: Time and shutdown

        private mutating func timeIsUp(_ scene: Scene) -> Actions {
            switch state {
            case .queued: return Actions(.leaveQueue(telling: nil))
            case .resolving(let pass, let connecting, let host):
                let detail = "\(host): no answer of the name server within connect_timeout"
                return failed(.network(detail), pass, connecting, scene)
            case .pausing(let pass, let connecting, _): return connect(pass, connecting)
            case .new, .entering, .moving, .connecting, .dialing, .sent, .ruling, .rulingAlone, .ended:
                impossible("timeIsUp")
            }
        }

        private func drain() -> Actions {
            switch state {
            case .queued: Actions(.leaveQueue(telling: .draining(charged: .no)))
            case .new, .entering, .moving, .connecting, .resolving, .dialing, .pausing, .sent, .ruling, .rulingAlone,
                .ended:
                Actions()
            }
        }

        /// - Parameter outcome: of a call that was sent.
        private mutating func cut(outcome: UpstreamOutcome) -> Actions {
            switch state {
            case .queued: leaveQueue(telling: .draining(charged: .no))
            case .connecting(let pass, _), .resolving(let pass, _, _), .dialing(let pass, _), .pausing(let pass, _, _):
                withdraw(pass)
            case .sent(let pass): leave(pass, .unused) + finish(outcome)
            // The awaited event ends it.
            case .new, .entering, .moving, .ruling, .rulingAlone, .ended: Actions()
            }
        }

        /// Like a cut, of one call: nobody waits for its outcome any more.
        private mutating func abandon() -> Actions {
            isAbandoned = true
            let isOut = awaitsAnswer
            let cut = cut(outcome: .abandoned(wasSent: true))
            return isOut ? Action.abandonExchange + cut : cut
        }

        // MARK: The end

        private func leave(_ pass: UpstreamGate.Pass, _ report: UpstreamGate.Report) -> Action {
            .leave(pass, report, after: first?.rejection)
        }

        private mutating func finish(_ outcome: UpstreamOutcome) -> Actions {
            if case .ended = state { impossible("finish") }
            state = .ended
            return Actions(.finish(outcome))
        }

        private func impossible(_ event: String) -> Never {
            preconditionFailure("\(event) in state \(String(describing: state).prefix { $0 != "(" })")
        }
    }
}

extension UpstreamFailure {
    fileprivate static let keyRejected = UpstreamFailure(
        .keyRejected,
        charged: .no,
        source: .gateway,
        "the vendor accepts none of the keys that were tried"
    )
}
