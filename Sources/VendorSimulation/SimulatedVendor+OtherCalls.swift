import Foundation
import JSON
import Vocabulary

/// The vendor's API beside classify, as far as a document's life needs it: upload, extract, poll, saved classifiers.
extension SimulatedVendor {
    /// Decides a call; nil when there is no such path.
    mutating func receive(_ call: OtherCall) -> ReplyPlan? {
        guard let resource = call.resource else { return nil }
        let answer: VendorAnswer
        let fault = faults.take(for: document(of: call, resource), path: call.path, spends: resource.spends)
        let delay = fault?.delay ?? (resource.spends ? settings.delay : .zero)
        account.otherBegan(key: call.key ?? "")
        do throws(VendorRefusal) {
            if let refusal = state(ofKey: call.key).refusal { throw refusal }
            answer = try self.answer(call, resource, duration: delay)
        } catch {
            answer = .refused(error)
        }
        let reply = FaultyReply(answer, fault: fault, closes: call.closes, now: call.now)
        return ReplyPlan(isHeld: fault?.isHeld ?? false, delay: delay, charge: reply.charge, delivery: reply.delivery)
    }

    private func document(of call: OtherCall, _ resource: OtherCall.Resource) -> String? {
        switch resource {
        case .extraction(let id): DocumentIdentifier.normalised(id)
        case .classification: ((try? call.members())?["document_id"] as? String).flatMap(DocumentIdentifier.normalised)
        case .documents, .uploadURL, .document, .files, .classifiers, .classifier, .templates: nil
        }
    }

    private mutating func answer(
        _ call: OtherCall,
        _ resource: OtherCall.Resource,
        duration: Duration
    ) throws(VendorRefusal) -> VendorAnswer {
        switch (resource, call.method) {
        case (.documents, "POST"): return try upload(call)
        case (.uploadURL, "GET"):
            guard let name = call.query("file_name"), !name.isEmpty else { throw .invalid("file_name is missing") }
            let id = newDocument()
            let url = "https://uploads.invalid/\(id)"
            return .done(200, #"{"success": true, "document_id": "\#(id)", "upload_url": "\#(url)"}"#)
        case (.document(let id), "GET"):
            let record = try known(id)
            return .done(
                200,
                #"{"document_id": "\#(id)", "num_pages": \#(record.pages), "state": "\#(record.state.rawValue)"}"#
            )
        case (.document(let id), "DELETE"):
            var record = try known(id)
            record.state = .unknown
            documents.set(record, of: id.lowercased())
            return .done(200, #"{"success": true}"#)
        case (.extraction(let id), "GET"), (.extraction(let id), "POST"): return try extract(id, call)
        case (.files, "GET"):
            guard let request = call.query("request_id"), let id = library.extracts[request] else {
                throw VendorRefusal(404, "not_found", "There is no request with this ID")
            }
            return .done(
                200,
                #"{"request_id": \#(JSONText.quoted(request)), "request_status": "completed", "document_id": "\#(id)", "#
                    + #""result_json_data": {"pages": \#(documents.record(of: id).pages)}}"#
            )
        case (.classifiers, "POST"):
            guard library.classifiers.count < VendorLibrary.countMax else { throw .invalid("too many classifiers") }
            return saved(requestIDs.next(), try call.members())
        case (.classifier(let id), "PUT"): return saved(id, try classifier(id).merging(try call.members()) { $1 })
        case (.classifier(let id), "GET"):
            _ = try classifier(id)
            return .done(200, String(decoding: library.classifiers[id] ?? Data(), as: UTF8.self))
        case (.classifier(let id), "DELETE"):
            _ = try classifier(id)
            library.classifiers[id] = nil
            return .done(200, #"{"success": true}"#)
        case (.classification(let id), "POST"):
            let question = ["document_id", "page_range", "query_model"]
            let asked = try call.members().filter { question.contains($0.key) }
            let body = try classifier(id).merging(asked) { $1 }
            let data = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
            let classify = ClassifyCall(key: call.key, requestID: call.requestID, body: Array(data), now: call.now)
            let answer = try self.classify(try ClassifyQuestion(classify.body), classify, duration: duration)
            return answer.changingResult { $0.classifierID = id }
        case (.templates, "GET"): return .done(200, #"{"templates": []}"#)
        default: throw VendorRefusal(403, frontDoor: "Missing Authentication Token")
        }
    }

    // MARK: Documents

    private mutating func upload(_ call: OtherCall) throws(VendorRefusal) -> VendorAnswer {
        let type = call.contentType?.lowercased() ?? ""
        guard type.hasPrefix("multipart/form-data") || type.hasPrefix("application/json") else {
            throw .invalid("Send the file as multipart/form-data, or JSON that confirms an upload")
        }
        guard !call.body.isEmpty else { throw .invalid("There is no file") }
        let id = newDocument()
        return .done(200, #"{"success": true, "document_id": "\#(id)", "bytes": \#(call.body.count)}"#)
    }

    private mutating func newDocument() -> String {
        library.uploads += 1
        let id = requestIDs.next()
        var record = documents.record(of: id)
        record.state = .notOCRed
        documents.set(record, of: id)
        return id
    }

    private func known(_ id: String) throws(VendorRefusal) -> DocumentRecord {
        guard let id = DocumentIdentifier.normalised(id), documents.record(of: id).state != .unknown else {
            throw VendorRefusal(404, "document_not_found", "There is no document with this ID")
        }
        return documents.record(of: id)
    }

    /// Starts an extract, which is paid for at once and makes the document ready.
    private mutating func extract(_ id: String, _ call: OtherCall) throws(VendorRefusal) -> VendorAnswer {
        var record = try known(id)
        let id = id.lowercased()
        record.state = .ready
        documents.set(record, of: id)
        let price = settings.creditsPerPage[ClassifyQuestion.usualModel] ?? MicroCredits(micros: 1_000_000)
        let credits = MicroCredits(micros: price.micros * Int64(record.pages))
        let request = requestIDs.next()
        if library.extracts.count < VendorLibrary.countMax { library.extracts[request] = id }
        let names = #""request_id": "\#(request)", "document_id": "\#(id)""#
        let body = #"{"success": true, \#(names), "credits_used": \#(credits)}"#
        let charge = Charge(key: call.key ?? "", documentID: id, credits: credits, requestID: call.requestID)
        return .done(200, body, charge)
    }

    // MARK: Classifiers

    private func classifier(_ id: String) throws(VendorRefusal) -> [String: Any] {
        guard let data = library.classifiers[id],
            let members = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
        else { throw VendorRefusal(404, "classifier_not_found", "There is no classifier with this ID") }
        return members
    }

    private mutating func saved(_ id: String, _ members: [String: Any]) -> VendorAnswer {
        var members = members
        members["classifier_id"] = id
        let data = (try? JSONSerialization.data(withJSONObject: members, options: .sortedKeys)) ?? Data()
        library.classifiers[id] = data
        return .done(200, String(decoding: data, as: UTF8.self))
    }
}
