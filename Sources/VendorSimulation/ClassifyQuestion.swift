import Foundation
import Vocabulary

/// The body of a classify call as the simulated vendor reads it.
///
/// Parsed by Foundation, not by the gateway's own JSON parser: a body that the gateway forwards must mean the same to a
/// reader that shares no code with it.
struct ClassifyQuestion {
    struct Category: Equatable {
        let label: String
        let description: String
    }

    /// As sent.
    let documentID: String
    let categories: [Category]
    let pageRange: String?
    let model: String

    static let usualModel = "gpt-4o-mini"

    init(_ body: [UInt8]) throws(VendorRefusal) {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)), let members = value as? [String: Any]
        else { throw .invalid("The request body must be a JSON object") }
        guard let documentID = members["document_id"] as? String, DocumentIdentifier.normalised(documentID) != nil
        else { throw .invalid("document_id must be a UUID") }
        guard let list = members["classification_schema"] as? [Any], list.count >= 2 else {
            throw .invalid("classification_schema must have at least 2 categories")
        }
        self.documentID = documentID
        categories = try ClassifyQuestion.categories(list)
        pageRange = try ClassifyQuestion.optionalText(members, "page_range")
        model = try ClassifyQuestion.optionalText(members, "query_model") ?? ClassifyQuestion.usualModel
    }

    private static func categories(_ list: [Any]) throws(VendorRefusal) -> [Category] {
        var categories: [Category] = []
        var labels: Set<[UInt8]> = []
        for item in list {
            guard let members = item as? [String: Any], let label = members["label"] as? String, !label.isEmpty,
                let description = members["description"] as? String
            else { throw .invalid("Each category must have a label and a description") }
            guard labels.insert(Array(label.utf8)).inserted else { throw .invalid("Two categories have one label") }
            categories.append(Category(label: label, description: description))
        }
        return categories
    }

    private static func optionalText(_ members: [String: Any], _ name: String) throws(VendorRefusal) -> String? {
        switch members[name] {
        case nil, is NSNull: return nil
        case let text as String: return text
        default: throw .invalid("\(name) must be a string")
        }
    }
}

/// A classify request as it arrived.
struct ClassifyCall: Sendable {
    /// The value of `x-api-key`; nil without one.
    var key: String?
    /// The value of `x-request-id`.
    var requestID: String?
    var body: [UInt8]
    /// The connection must end after the reply.
    var closes = false
    /// When it arrived.
    var now: Timestamp
}
