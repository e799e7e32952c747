import Foundation
import Vocabulary

/// A call to the simulated vendor that is neither classify nor a control call, as it arrived.
struct OtherCall: Sendable {
    var method: String
    var path: String
    var query: String?
    /// The value of Content-Type; nil without one.
    var contentType: String?
    /// The value of `x-api-key`; nil without one.
    var key: String?
    /// The value of `x-request-id`.
    var requestID: String?
    var body: [UInt8]
    /// The connection must end after the reply.
    var closes = false
    /// When it arrived.
    var now: Timestamp

    /// The resource that it names; nil when the vendor has none of this path.
    var resource: Resource? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch parts.count {
        case 1 where parts[0] == "files": return .files
        case 2 where parts[0] == "v1" && parts[1] == "documents": return .documents
        case 2 where parts[0] == "v1" && parts[1] == "classifiers": return .classifiers
        case 2 where parts[0] == "v1" && parts[1] == "templates": return .templates
        case 3 where parts[0] == "v1" && parts[1] == "documents" && parts[2] == "upload_url": return .uploadURL
        case 3 where parts[0] == "v1" && parts[1] == "documents": return .document(parts[2])
        case 3 where parts[0] == "v1" && parts[1] == "classifiers": return .classifier(parts[2])
        case 4 where parts[0] == "v1" && parts[1] == "documents" && parts[3] == "run_parser":
            return .extraction(ofDocument: parts[2])
        case 4 where parts[0] == "v1" && parts[1] == "classifiers" && parts[3] == "classify":
            return .classification(byClassifier: parts[2])
        default: return nil
        }
    }

    /// What the vendor has beside classify.
    enum Resource: Equatable {
        /// `POST /v1/documents`
        case documents
        /// `GET /v1/documents/upload_url?file_name=`
        case uploadURL
        /// `GET, DELETE /v1/documents/{id}`
        case document(String)
        /// `GET /v1/documents/{id}/run_parser`, which spends.
        case extraction(ofDocument: String)
        /// `GET /files?request_id=`
        case files
        /// `POST /v1/classifiers`
        case classifiers
        /// `GET, PUT, DELETE /v1/classifiers/{id}`
        case classifier(String)
        /// `POST /v1/classifiers/{id}/classify`, which spends.
        case classification(byClassifier: String)
        /// `GET /v1/templates`
        case templates

        var spends: Bool {
            switch self {
            case .extraction, .classification: true
            case .documents, .uploadURL, .document, .files, .classifiers, .classifier, .templates: false
            }
        }
    }

    /// The members of a JSON body.
    func members() throws(VendorRefusal) -> [String: Any] {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)), let members = value as? [String: Any]
        else { throw .invalid("The request body must be a JSON object") }
        return members
    }

    /// The value of a member of the query.
    func query(_ name: String) -> String? {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts[0] == name { return parts.count == 2 ? parts[1].removingPercentEncoding : "" }
        }
        return nil
    }
}

/// What clients have given to the simulated vendor: uploaded documents, saved classifiers, extracts. A value.
struct VendorLibrary: Sendable {
    /// The most of each kind; further ones are refused, so that memory is bounded.
    static let countMax = 100_000

    /// The document of each extract, by the request that started it.
    var extracts: [String: String] = [:]
    /// The members of each saved classifier, as JSON.
    var classifiers: [String: Data] = [:]
    var uploads = 0
}
