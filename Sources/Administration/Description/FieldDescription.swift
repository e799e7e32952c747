import JSON

/// The fields of replies that the document describes: OpenAPI 3.1 §4.8.21. `docs/api.md` §2.
enum FieldDescription: String, CaseIterable {
    case requestID = "x-request-id"
    case location = "Location"
    case retryAfter = "Retry-After"
    case challenge = "WWW-Authenticate"
    case cacheStatus = "Cache-Status"
    case age = "Age"
    case charged = "tollgate-credits-charged"
    case saved = "tollgate-credits-saved"
    case remaining = "tollgate-budget-remaining"
    case disposition = "Content-Disposition"
    case digest = "Repr-Digest"

    private var schema: Schema {
        switch self {
        case .requestID: .text(1...128)
        case .location, .challenge, .cacheStatus, .disposition: .text
        case .digest: .text(like: "sha-256=:[A-Za-z0-9+/]{43}=:")
        case .retryAfter, .age: .count
        case .charged, .saved, .remaining: .credits
        }
    }

    private var text: String {
        switch self {
        case .requestID: "The client's, if it is 1 to 128 visible ASCII characters, else a new UUID."
        case .location: "The path of what was made."
        case .retryAfter: "Seconds to wait before the next try."
        case .challenge: "The scheme that is expected (RFC 6750)."
        case .cacheStatus: "RFC 9211, such as `tollgate; hit; ttl=2591990`."
        case .age: "Seconds since the vendor answered; on hits only."
        case .charged: "Credits that this request cost the team; 0 on hits and collapsed replies."
        case .saved: "Credits that the vendor would have charged and did not."
        case .disposition: "A name for the file (RFC 6266), with the moment of the copy."
        case .digest: "SHA-256 of the file (RFC 9530)."
        case .remaining:
            "The least that is left in any enforced budget of organization, team and key; absent without one."
        }
    }

    /// The headers of a reply, with the one that all replies have.
    static func references(_ fields: [FieldDescription]) -> JSONValue {
        .object(
            ([.requestID] + fields).map { field in
                (field.rawValue, .object([("$ref", .string("#/components/headers/\(field.rawValue)"))]))
            }
        )
    }

    static var components: [(name: String, value: JSONValue)] {
        allCases.map { field in
            (field.rawValue, .object([("description", .string(field.text)), ("schema", field.schema.json)]))
        }
    }
}
