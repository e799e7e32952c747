import EventLoops
import Serving
import Upstream

/// The client that leaves before its reply is complete.
extension Passage {
    /// The client left, or was disconnected. May be called twice.
    func clientLeft() {
        guard let exchange = exchange.take() else { return }
        count()
        let status = breakReason == nil ? 499 : reply?.head.status ?? 499
        let error = breakReason?.rawValue ?? "client_closed_request"
        var ending = AccessLine.Ending(status: status, error: error, dropped: droppedCount)
        ending.spendingRoute = spendingRoute
        exchange.leavePassage(ending, bytesOut: bytesOut)
        guard parting == .isAwaited else { return abandon() }
        call?.resume()
        // The vendor's time starts over with each part of its reply: with nobody who waits for it, it would have no
        // end.
        let timer = LoopTimer(loop: worker.loop) { [unowned self] in giveUpAwaiting() }
        timer.schedule(after: worker.settings.upstream.responseTimeout)
        partingTimer = timer
    }

    /// Ends a call that nobody waits for once nothing more is to be learned from it.
    func endIfAlone() {
        if exchange == nil, parting == .ends { abandon() }
    }

    private var parting: PassageParting {
        guard state == .forwarded, hasBegun, !isCut else { return .ends }
        return PassageParting(
            isRequestOver: isRequestOver,
            mayHaveContent: !isHEAD,
            isReserved: keeper != nil,
            awaitsReply: reply?.isAwaited
        )
    }

    private func giveUpAwaiting() {
        partingTimer = nil
        guard state == .forwarded else { return }
        if keeper == nil {
            let detail = "the client left, and the reply was not complete within response_timeout after that"
            log(FlightCourse.Note(code: "charge_not_read", detail: detail))
        }
        abandon()
    }

    func abandon() {
        switch state {
        case .reading: over()
        case .forwarded: call?.abandon()
        // The awaited answer ends it.
        case .preparing, .ending, .over: break
        }
    }
}
