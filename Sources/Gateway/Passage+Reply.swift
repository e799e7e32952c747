import Budgeting
import HTTPMessages
import Serving
import Upstream
import UpstreamKeys
import Vocabulary

/// The way back: the vendor's reply to the client, and what it cost to the ledger.
extension Passage {
    func receive(_ head: PassageReplyHead) {
        // Before the client sees any of it, and may ask.
        change?.answered()
        let length = head.length ?? .max
        reply = PassageReply(head, isReserved: keeper != nil)
        if exchange == nil { return endIfAlone() }
        isHeadDue = reply?.isHeld == false
        if length > PassageReply.smallBytesMax, reply?.isRead == true {
            keptShare = connection.share.map { ByteShare(beside: $0) }
        }
    }

    func receive(_ content: [UInt8]) {
        guard let isRead = reply?.isRead else { preconditionFailure("content before a head") }
        let hasRoom = !isRead || keptShare?.take(content.count) != false
        if !hasRoom {
            log(FlightCourse.Note(code: "reply_not_read", detail: "no memory to look for credits_used in it"))
        }
        let sendable = reply?.receive(content, isKept: hasRoom) ?? []
        if reply?.isRead == false { keptShare = nil }
        if exchange == nil { return endIfAlone() }
        if !sendable.isEmpty { send(sendable) }
    }

    /// Sends the head by itself, if it may be sent and its content is not here yet.
    func sendHead() {
        guard isHeadDue, exchange != nil else { return }
        isHeadDue = false
        writeHead()
        bytesOut += worker.replyWriter.withBytes { connection.send($0, []) }
    }

    /// The client has taken enough of the reply.
    func replyDrained() { call?.resume() }

    /// Writes the head into the worker's buffer, which is to be sent before another one is written.
    private func writeHead(charged: MicroCredits? = nil, length: Int? = nil) {
        guard let head = reply?.head else { preconditionFailure("a reply without a head") }
        let worker = self.worker
        let length = length.map { Int64($0) } ?? head.length
        let isOpenEnded = head.hasContent && length == nil
        isChunked = isOpenEnded && !connection.isHTTP10
        // What is left of a request that is answered early may come or not: its connection ends.
        keepsAlive = connection.mayGoOn && isBodyHere && !(isOpenEnded && connection.isHTTP10)
        worker.replyWriter.write(
            head,
            requestID: requestID,
            length: length,
            isChunked: isChunked,
            charged: charged,
            remaining: charged == nil ? nil : caller.meter.remaining(at: worker.loop.wallClock),
            keepsAlive: keepsAlive,
            isHTTP10: connection.isHTTP10,
            now: worker.loop.wallClock
        )
    }

    private func send(_ content: [UInt8]) {
        guard exchange != nil else { return }
        // Nothing of a reply that was held is out when its content comes to be too long to be read.
        let isFirst = isHeadDue || bytesOut == 0
        if isFirst {
            isHeadDue = false
            writeHead()
        }
        sendWithHead(content, isFirst: isFirst)
    }

    private func sendWithHead(_ content: [UInt8], isFirst: Bool) {
        let framed = isChunked && !content.isEmpty ? Chunk.write(content) : content
        if isFirst {
            bytesOut += worker.replyWriter.withBytes { connection.send($0, framed) }
        } else {
            connection.send(framed)
            bytesOut += framed.count
        }
        if connection.isCongested { call?.pause() }
    }

    // MARK: The end of the call

    func ended(_ outcome: UpstreamOutcome) {
        state = .ending
        // Before the client has the end of its reply.
        change?.end()
        endClassifierChange()
        switch outcome {
        case .reply(let reply): conclude(reply)
        case .unusable: preconditionFailure("replies of the vendor are passed on as they are")
        case .failure(let failure):
            if let note = failure.note { log(note) }
            end(failure.ending, charged: nil, isCut: failure.isCut) { [self] _ in fail(failure) }
        case .givenUp:
            guard let fault = keeper?.moveFault else { preconditionFailure("a call given up without a reason") }
            end(.released, charged: nil) { [self] _ in answer(.storeUnavailable(fault)) }
        case .abandoned(let wasSent):
            end(wasSent ? unreadEnding : .released, charged: nil, isCut: isCut && wasSent) { [self] _ in over() }
        }
    }

    /// How the reservation ends after a call that was broken off here: as the status says, if its reply is not read.
    private var unreadEnding: ReservationEnding.Outcome {
        guard reply?.isRead == false, let status = reply?.head.status else { return .unconfirmed }
        return ReplyCharge.ending(status: status, .missing).0
    }

    private func conclude(_ answer: UpstreamReply) {
        guard let credits = reply?.credits else { preconditionFailure("the end of a reply without a head") }
        if answer.status == 402, let upstreamKey { log(.outOfCredits(upstreamKey)) }
        if credits == .unsound {
            let detail = "credits_used is no amount; the reply is passed on"
            log(FlightCourse.Note(code: "upstream_credits_unsound", detail: detail))
        }
        let hasFailed = keeper != nil && credits == .missing && reply?.hasFailed == true
        let (ending, charged) = ReplyCharge.ending(status: answer.status, credits, hasFailed: hasFailed)
        if keeper == nil, let charged, charged > .zero { charge(charged) }
        // Without a closure for what needs none: most requests that are passed through are free.
        guard keeper != nil else { return finish(answer, charged: charged ?? .zero, nil) }
        end(ending, charged: charged) { [self] fault in finish(answer, charged: charged ?? .zero, fault) }
    }

    /// Books what the vendor has charged for a request that reserved nothing.
    private func charge(_ credits: MicroCredits) {
        guard let upstreamKey else { preconditionFailure("a reply to a call without a key") }
        let reservation = worker.rooms.credits.charge(question.ask(upstreamKey), credits, at: worker.loop.wallClock)
        keeper = ReservationKeeper(reservation, isCharge: true, worker: worker)
    }

    /// Ends the reservation, if there is one, then continues with the fault if what it claims is not on disk.
    private func end(
        _ ending: ReservationEnding.Outcome,
        charged: MicroCredits?,
        isCut: Bool = false,
        then: @escaping (StoreFault?) -> Void
    ) {
        guard let keeper else { return then(nil) }
        var lesson = Lesson()
        if isSpending, let charged, charged > .zero { lesson.rate = PageRate(credits: charged, pages: 1) }
        keeper.end(ending, lesson, nil, storing: nil, isCut: isCut, tell: then)
    }

    private func finish(_ answer: UpstreamReply, charged: MicroCredits, _ fault: StoreFault?) {
        guard let exchange, let isHeld = reply?.isHeld else { return over() }
        if let fault {
            guard bytesOut == 0 else { return breakOff(.storeUnavailable) }
            return self.answer(.storeUnavailable(fault), charged: charged)
        }
        let rest = reply?.takeRest() ?? []
        if isHeld {
            writeHead(charged: charged, length: rest.count)
            sendWithHead(rest, isFirst: true)
        } else if !rest.isEmpty || isHeadDue {
            send(rest)
        }
        if isChunked {
            connection.send(Chunk.last)
            bytesOut += Chunk.last.count
        }
        count()
        self.exchange = nil
        exchange.finishPassage(
            AccessLine.Ending(
                status: answer.status,
                charged: charged,
                upstream: answer.duration,
                dropped: droppedCount,
                queue: answer.queued,
                spendingRoute: spendingRoute
            ),
            bytesOut: bytesOut,
            keepsAlive: keepsAlive
        )
        over()
    }

    /// The vendor gave no whole reply.
    private func fail(_ failure: UpstreamFailure) {
        guard exchange != nil else { return over() }
        guard bytesOut == 0 else { return breakOff(failure.code.errorCode) }
        count()
        if failure.code == .noKey, let denial = keeper?.moveDenial { return answer(worker.refusal(denial)) }
        answer(ErrorReply(failure), closes: failure.code == .draining)
    }

    /// Ends the connection with a reset: a part of a reply must not look whole.
    private func breakOff(_ reason: ErrorCode) {
        breakReason = reason
        connection.abort()
        // The exchange ends when the connection says so; the passage is over before.
        over()
    }
}
