import Testing
import Vocabulary

@testable import VendorSimulation

@Suite("Control calls")
struct ControlCallTests {
    private func call(_ method: String, _ target: String, _ body: String = "") throws -> ControlCall? {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        return try ControlCall(
            method: method,
            path: parts[0],
            query: parts.count == 2 ? parts[1] : nil,
            body: Array(body.utf8)
        )
    }

    @Test("those without members are known by method and path")
    func plain() throws {
        #expect(try call("GET", "/sim/account") == .account)
        #expect(try call("POST", "/sim/reset") == .reset)
        #expect(try call("DELETE", "/sim/faults") == .removeFaults)
        #expect(try call("POST", "/sim/release") == .release(nil))
        #expect(try call("POST", "/sim/release", #"{"count": 2}"#) == .release(2))
    }

    @Test("a key in the path is unescaped")
    func keys() throws {
        #expect(try call("PUT", "/sim/keys/a%2Fb", #"{"state": "bad"}"#) == .key("a/b", .bad))
        let limited = #"{"state": "rate_limited", "retry_after": 2}"#
        #expect(try call("PUT", "/sim/keys/k", limited) == .key("k", .rateLimited(.seconds(2))))
    }

    @Test("a wait may stand in the query or in the body")
    func waits() throws {
        guard case .wait(let one)? = try call("GET", "/sim/wait?in_flight=3&calls=4&timeout_ms=5"),
            case .wait(let two)? = try call("POST", "/sim/wait", #"{"in_flight": 3, "calls": 4, "timeout_ms": 5}"#)
        else {
            Issue.record("no wait")
            return
        }
        #expect(one == two)
        #expect(one.inFlight == 3 && one.calls == 4 && one.timeout == .milliseconds(5))
    }

    @Test("a wait is over when enough calls were made and are in flight; 0 in flight means none")
    func conditions() throws {
        var vendor = TestCalls.vendor()
        func isMet(_ body: String) throws -> Bool {
            var members = try ControlMembers(Array(body.utf8))
            return try WaitCondition(&members).isMet(by: vendor.account)
        }
        #expect(try isMet(#"{"in_flight": 0}"#) && !isMet(#"{"calls": 1}"#))
        let plans = [vendor.receive(TestCalls.call()), vendor.receive(TestCalls.call())]
        #expect(try isMet(#"{"in_flight": 2}"#) && isMet(#"{"in_flight": 1}"#) && isMet(#"{"calls": 2}"#))
        #expect(try !isMet(#"{"in_flight": 0}"#) && !isMet(#"{"in_flight": 3}"#) && !isMet(#"{"calls": 3}"#))
        for plan in plans { vendor.finish(plan) }
        #expect(try isMet(#"{"in_flight": 0, "calls": 2}"#) && !isMet(#"{"in_flight": 1, "calls": 2}"#))
    }

    @Test(
        "other paths and methods are none",
        arguments: [
            ("GET", "/sim/nothing"), ("GET", "/sim/reset"), ("POST", "/v1/classify"), ("GET", "/simaccount"),
            ("GET", "/"),
        ]
    )
    func unknown(method: String, path: String) throws { #expect(try call(method, path) == nil) }

    @Test(
        "a mistake is named",
        arguments: [
            ("PUT", "/sim/documents/x", "{}", "x"),
            ("PUT", "/sim/documents/\(TestCalls.document)", #"{"pages": 0}"#, "pages"),
            ("PUT", "/sim/documents/\(TestCalls.document)", #"{"state": "lost"}"#, "state"),
            ("PUT", "/sim/documents/\(TestCalls.document)", #"{"page": 1}"#, "page"),
            ("PUT", "/sim/keys/k", "{}", "state"), ("PUT", "/sim/settings", #"{"delay_ms": -1}"#, "delay_ms"),
            ("PUT", "/sim/settings", #"{"credits_per_page": {"m": "x"}}"#, "m"),
            ("POST", "/sim/wait", "{}", "in_flight"),
            ("GET", "/sim/wait?in_flight=x", "", "in_flight"), ("POST", "/sim/faults", "nonsense", "object"),
            ("GET", "/sim/account?verbose=1", "", "verbose"),
        ]
    )
    func refuses(method: String, path: String, body: String, word: String) {
        let error = #expect(throws: ControlFault.self) { try call(method, path, body) }
        #expect(error?.description.contains(word) == true)
    }
}
