import Vocabulary

/// The simulated vendor's rules: how it answers a call, what it charges, and how a fault changes both.
///
/// A value without clock or I/O. A call takes two steps: `receive` decides everything and counts the call as in flight,
/// `finish` books its charge when its time is over. Like a real vendor it keeps working for a caller that has gone
/// away, so `finish` follows every `receive`, whatever happened to the connection.
struct SimulatedVendor: Sendable {
    private let initial: VendorSettings
    private(set) var settings: VendorSettings
    var account = VendorAccount()
    var documents = DocumentBook()
    var library = VendorLibrary()
    var faults: FaultQueue
    /// Keys whose state a control call has set; any other is good if the settings have it.
    private var keyStates: [String: KeyState] = [:]
    private var knownKeys: Set<String>
    var requestIDs: RequestIDSequence

    /// - Parameters:
    ///   - faults: the faults that wait for calls at the start.
    ///   - seed: makes the `request_id`s of one vendor differ from those of another.
    init(_ settings: VendorSettings, faults: [Fault] = [], seed: UInt64) {
        initial = settings
        self.settings = settings
        self.faults = FaultQueue()
        for fault in faults { _ = self.faults.append(fault) }
        knownKeys = Set(settings.keys)
        requestIDs = RequestIDSequence(seed: seed)
    }

    // MARK: Calls

    mutating func connectionAccepted() { account.connectionAccepted() }

    mutating func malformedRequest() { account.malformedRequest() }

    /// Counts a request that is not a control call, whatever its path.
    mutating func called(requestID: String?) { account.called(requestID: requestID) }

    /// Decides a classify call.
    mutating func receive(_ call: ClassifyCall) -> ReplyPlan {
        let question = Result { () throws(VendorRefusal) in try ClassifyQuestion(call.body) }
        let documentID = (try? question.get()).flatMap { DocumentIdentifier.normalised($0.documentID) }
        account.classifyBegan(key: call.key ?? "", documentID: documentID)
        let fault = faults.take(for: documentID, path: "/v1/classify", spends: true)
        let delay = fault?.delay ?? settings.delay
        let answer: VendorAnswer
        do throws(VendorRefusal) {
            if let refusal = state(ofKey: call.key).refusal { throw refusal }
            answer = try classify(try question.get(), call, duration: delay)
        } catch {
            answer = .refused(error)
        }
        let reply = FaultyReply(answer, fault: fault, closes: call.closes, now: call.now)
        return ReplyPlan(isHeld: fault?.isHeld ?? false, delay: delay, charge: reply.charge, delivery: reply.delivery)
    }

    /// Books a call whose time is over, before its reply goes out.
    mutating func finish(_ plan: ReplyPlan) { account.ended(charge: plan.charge) }

    func state(ofKey key: String?) -> KeyState {
        guard let key else { return .bad }
        return keyStates[key] ?? (knownKeys.contains(key) ? .good : .bad)
    }

    mutating func classify(
        _ question: ClassifyQuestion,
        _ call: ClassifyCall,
        duration: Duration
    ) throws(VendorRefusal) -> VendorAnswer {
        let id = DocumentIdentifier.normalised(question.documentID)!
        let document = documents.record(of: id)
        switch document.state {
        case .ready: break
        case .notOCRed:
            throw VendorRefusal(400, "document_not_processed", "The document has not been OCR'd; run an extract first")
        case .unknown: throw VendorRefusal(404, "document_not_found", "There is no document with this ID")
        }
        guard let perPage = settings.creditsPerPage[question.model] else {
            throw .invalid(
                "query_model must be one of " + settings.creditsPerPage.keys.sorted().joined(separator: ", ")
            )
        }
        let pages = try question.pageRange.map { range throws(VendorRefusal) in
            try PageSelection.count(of: range, inDocumentOf: document.pages)
        }
        let credits = MicroCredits(micros: perPage.micros * Int64(pages ?? document.pages))
        let scores = CategoryScores(question.categories, documentID: id, kind: document.kind)
        let result = ClassifyResult(
            requestID: requestIDs.next(),
            documentID: question.documentID,
            classification: question.categories[scores.best].label,
            scores: zip(question.categories, scores.shares).map { ($0.label, $1) },
            creditsText: credits.description,
            pages: pages ?? document.pages,
            duration: duration
        )
        let charge = Charge(key: call.key ?? "", documentID: id, credits: credits, requestID: call.requestID)
        return .completed(result, charge)
    }

    // MARK: Control

    /// Resets everything but the calls in flight to the initial state; the faults given at the start are not restored.
    mutating func reset() {
        settings = initial
        knownKeys = Set(initial.keys)
        keyStates = [:]
        documents = DocumentBook()
        library = VendorLibrary()
        faults.removeAll()
        account.reset()
    }

    mutating func apply(_ change: SettingsChange) {
        if let delay = change.delay { settings.delay = delay }
        if let keys = change.keys {
            settings.keys = keys
            knownKeys = Set(keys)
            for key in keys { keyStates[key] = nil }
        }
        settings.creditsPerPage.merge(change.creditsPerPage) { $1 }
    }

    mutating func setDocument(_ id: String, _ change: DocumentChange) {
        var record = documents.record(of: id)
        if let pages = change.pages { record.pages = pages }
        if let state = change.state { record.state = state }
        if let kind = change.kind { record.kind = kind }
        documents.set(record, of: id)
    }

    mutating func setKey(_ key: String, _ state: KeyState) { keyStates[key] = state }

    mutating func queue(_ fault: Fault) throws(ControlFault) {
        guard faults.append(fault) else { throw ControlFault("more than \(FaultQueue.countMax) faults are waiting") }
    }

    mutating func removeFaults() { faults.removeAll() }
}
