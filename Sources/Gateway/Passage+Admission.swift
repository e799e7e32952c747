import Authentication
import Budgeting
import Upstream
import UpstreamKeys
import Vocabulary

/// What comes before the vendor: what the request is about, whether it may go out, and what has to be on disk first.
extension Passage {
    func proceed(_ content: [UInt8], isWhole: Bool) {
        draft.content = content
        draft.isWhole = isWhole
        do throws(ErrorReply) {
            if draft.reading != .nothing, draft.isReadable, isWhole, content.count <= draft.readMax {
                try subject.read(content, isJSON: draft.isJSON, of: caller.team)
            }
            guard subject.models.allSatisfy({ caller.team.mayUse(model: $0) }) else {
                return refuse(.modelNotAllowed(caller.team))
            }
            guard subject.changed.count <= PassageSubject.changedMax else { throw .tooManyDocuments }
        } catch {
            return answer(error)
        }
        guard !worker.isDraining else { return answer(.draining, closes: true) }
        if !subject.changed.isEmpty { change = DocumentChange(of: subject.changed, rooms: worker.rooms) }
        state = .preparing
        guard let changedClassifier else { return admit() }
        worker.beginChange(of: changedClassifier, for: identifier)
    }

    /// The store's answer: the change of a saved classifier is noted and on disk, or not.
    func classifierChangeBegun(_ result: Result<Void, StoreFault>) {
        switch result {
        case .success:
            isClassifierChanging = true
            guard exchange != nil, !worker.isDraining else { return answer(.draining, closes: true) }
            admit()
        case .failure(let fault):
            log(FlightCourse.Note(code: "classifier_change_not_stored", detail: fault.description))
            answer(.storeUnavailable(fault))
        }
    }

    /// The vendor has answered, or will not: what was asked of the classifier before does not count any more.
    func endClassifierChange() {
        guard isClassifierChanging, let changedClassifier else { return }
        isClassifierChanging = false
        worker.rooms.endChange(of: changedClassifier)
    }

    /// Reserves credits, or asks whether a budget is exhausted.
    private func admit() {
        guard draft.route == nil else {
            // Both become durable in one wait: the removal is asked for as soon as the request is admitted.
            return worker.reserve(question, for: identifier, whenDecided: { [self] in drop() })
        }
        switch worker.rooms.admitUnreserved(caller, at: worker.loop.moment) {
        case .admitted(let key):
            admittedKey = key
            if change == nil { goOn() } else { drop() }
        case .denied(let denial): refuse(worker.refusal(denial))
        case .noKey(let failure): answer(ErrorReply(failure))
        }
    }

    private func drop() {
        guard let change else { return }
        worker.begin(change, for: identifier)
    }

    /// The ledger's answer: admitted and on disk, or not.
    func reserved(_ answer: SpendingAnswer) {
        switch answer {
        case .admitted(let reservation):
            keeper = ReservationKeeper(reservation, worker: worker)
            admittedKey = reservation.ask.upstreamKey
            // Where the decision fell in the transaction, there was nothing to share its wait with.
            if change?.isNew == true { drop() } else { goOn() }
        case .denied(let denial): refuse(worker.refusal(denial))
        case .noKey(let failure): self.answer(ErrorReply(failure))
        case .failed(let fault):
            log(FlightCourse.Note(code: "reservation_not_stored", detail: fault.description))
            self.answer(.storeUnavailable(fault))
        case .stored, .elsewhere: preconditionFailure("a request that shares nothing was claimed elsewhere")
        }
    }

    /// The store's answer: what it had about the documents is gone, or may be there.
    func dropped(_ result: Result<Int64, StoreFault>) {
        removal = result
        goOn()
    }

    /// Forwards the request once everything is on disk that has to be.
    private func goOn() {
        guard let key = admittedKey, change == nil || removal != nil else { return }
        if case .failure(let fault) = removal {
            log(FlightCourse.Note(code: "results_not_dropped", detail: fault.description))
            return giveUp(.storeUnavailable(fault))
        }
        guard exchange != nil, !worker.isDraining else { return giveUp(.draining, closes: true) }
        change?.forwarded()
        forward(key)
    }

    /// Nothing is sent, under the reservation if there is one.
    private func giveUp(_ error: ErrorReply, closes: Bool = false) {
        guard let keeper else { return answer(error, closes: closes) }
        state = .ending
        keeper.end(.released, Lesson(), nil, storing: nil, isCut: false) { [self] _ in answer(error, closes: closes) }
    }

    /// How many results were removed, for the log.
    var droppedCount: Int64 {
        guard case .success(let count) = removal else { return 0 }
        return count
    }
}
