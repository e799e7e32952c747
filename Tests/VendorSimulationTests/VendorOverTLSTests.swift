import TestSupport
import Testing

@testable import VendorSimulation

/// TLS seen from outside, by the `openssl` and `curl` programs.
@Suite("The server over TLS")
struct VendorOverTLSTests {
    @Test("a client that trusts the certificate gets its reply, and one that does not gets none")
    func classify() throws {
        let certificates = try Certificates()
        let vendor = try certificates.issue("vendor")
        let files = SimulatedVendorOptions.TLSFiles(certificate: vendor.certificate, privateKey: vendor.privateKey)
        try withServer({ ($0.tls, $0.controlAddress) = (files, $0.address) }) { server in
            #expect(server.url == "https://\(server.address)")
            let call = [
                "curl", "-s", "--max-time", "30", "-H", "x-api-key: \(TestCalls.key)", "-d", TestCalls.body(),
                "\(server.url)/v1/classify",
            ]
            #expect(try CommandResult.of(call).output == "")
            let trusting = try CommandResult.of(call + ["--cacert", certificates.authority])
            #expect(trusting.output.hasPrefix(#"{"request_id": ""#))
            let control = try TestClient(try #require(server.controlAddress))
            try control.send(TestClient.request("GET", "/sim/account"))
            #expect(try control.reply().body.contains(#""classify_calls": 1, "#))
        }
    }

    @Test("files that are no certificate are refused with their name")
    func badFiles() throws {
        var options = SimulatedVendorOptions()
        options.tls = SimulatedVendorOptions.TLSFiles(certificate: "/dev/null", privateKey: "/dev/null")
        let fault = #expect(throws: SimulatedVendorServer.Fault.self) { try SimulatedVendorServer.start(options) }
        #expect(fault?.description.contains("/dev/null") == true)
    }
}
