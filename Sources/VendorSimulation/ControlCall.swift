import Foundation
import JSON
import Vocabulary

/// A call under `/sim/` by which a test or an operator steers the simulated vendor. It needs no key.
enum ControlCall: Equatable {
    /// `GET /sim/account`
    case account
    /// `POST /sim/reset`: counts, settings, documents, keys and faults as at the start; held calls are released.
    case reset
    /// `PUT /sim/settings` `{"delay_ms", "credits_per_page": {MODEL: CREDITS}, "keys": […]}`
    case settings(SettingsChange)
    /// `PUT /sim/documents/{id}` `{"pages", "state": "ready|not_ocred|unknown", "kind": "invoice|order|…"}`
    case document(String, DocumentChange)
    /// `PUT /sim/keys/{key}` `{"state": "good|bad|forbidden|unauthorized|rate_limited", "retry_after"}`
    case key(String, KeyState)
    /// `POST /sim/faults`: see `Fault`
    case fault(Fault)
    /// `DELETE /sim/faults`: drops the faults that wait for calls.
    case removeFaults
    /// `POST /sim/release` `{"count"}`: releases `count` held calls, oldest first; all without a count.
    case release(Int?)
    /// `GET /sim/wait?in_flight=N&calls=N&timeout_ms=N`, or POST with these as members.
    case wait(WaitCondition)

    /// Nil when the path is none of these; throws when the method or a member is wrong.
    init?(method: String, path: String, query: String?, body: [UInt8]) throws(ControlFault) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { part in
            part.removingPercentEncoding ?? String(part)
        }
        guard parts.count == 2 || parts.count == 3, parts[0] == "sim" else { return nil }
        var members = try ControlMembers(method == "GET" ? ControlCall.object(of: query) : body)
        switch (method, parts[1], parts.count == 3 ? parts[2] : nil) {
        case ("GET", "account", nil): self = .account
        case ("POST", "reset", nil): self = .reset
        case ("PUT", "settings", nil): self = .settings(try SettingsChange(&members))
        case ("PUT", "documents", let id?):
            guard let id = DocumentIdentifier.normalised(id) else { throw ControlFault("\(id) is no UUID") }
            self = .document(id, try DocumentChange(&members))
        case ("PUT", "keys", let key?):
            let name = try members.text("state") ?? ""
            guard let state = KeyState(name, try RetryAfter(&members)) else {
                throw ControlFault("state must be good, bad, forbidden, unauthorized or rate_limited")
            }
            self = .key(key, state)
        case ("POST", "faults", nil): self = .fault(try Fault(&members))
        case ("DELETE", "faults", nil): self = .removeFaults
        case ("POST", "release", nil): self = .release(try members.integer("count", 1...1_000_000))
        case ("GET", "wait", nil), ("POST", "wait", nil): self = .wait(try WaitCondition(&members))
        default: return nil
        }
        try members.expectNoMore()
    }

    /// `a=1&b=2` as a JSON object of numbers.
    private static func object(of query: String?) -> [UInt8] {
        guard let query, !query.isEmpty else { return [] }
        let members = query.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            return "\(JSONText.quoted(String(parts[0]))): \(Int(value).map(String.init) ?? JSONText.quoted(value))"
        }
        return Array("{\(members.joined(separator: ", "))}".utf8)
    }
}

/// A change of the settings; nil members are unchanged.
struct SettingsChange: Equatable {
    var delay: Duration?
    var creditsPerPage: [String: MicroCredits] = [:]
    var keys: [String]?

    init(_ members: inout ControlMembers) throws(ControlFault) {
        delay = try members.milliseconds("delay_ms")
        keys = try members.texts("keys")
        guard var prices = try members.object("credits_per_page") else { return }
        for model in prices.names {
            creditsPerPage[model] = try prices.credits(model, atMost: VendorSettings.creditsPerPageMax)
        }
    }
}

/// A change of a document; nil members are unchanged.
struct DocumentChange: Equatable {
    var pages: Int?
    var state: DocumentRecord.State?
    var kind: DocumentKind?

    init(_ members: inout ControlMembers) throws(ControlFault) {
        pages = try members.integer("pages", 1...DocumentBook.pagesMax)
        if let name = try members.text("state") {
            state = DocumentRecord.State(rawValue: name)
            if state == nil { throw ControlFault("state must be ready, not_ocred or unknown") }
        }
        if let name = try members.text("kind") {
            kind = DocumentKind(rawValue: name)
            guard kind != nil else {
                let kinds = DocumentKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ControlFault("kind must be one of \(kinds)")
            }
        }
    }
}

/// Why a control call, or a fault given on the command line, was refused: names the member and its allowed values.
public struct ControlFault: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
