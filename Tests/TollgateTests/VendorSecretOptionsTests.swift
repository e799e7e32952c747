import Foundation
import Glibc
import TestSupport
import Testing

@testable import tollgate

@Suite("Where the vendor's secret and the token come from")
struct VendorSecretOptionsTests {
    private func secret(ofFile content: String) throws -> String {
        let folder = try TemporaryFolder()
        return try VendorSecretOptions.parse(["--secret-file", folder.write(content, to: "secret")]).read()
    }

    @Test(
        "one line break at the end is dropped",
        arguments: ["secret!~", "secret!~\n", "secret!~\r\n"]
    )
    func lineBreak(_ content: String) throws {
        let secret = try secret(ofFile: content)
        #expect(secret == "secret!~")
    }

    @Test(
        "what cannot stand in a field line is refused, and not shown",
        arguments: ["", "\n", "hidden \n", "hidden\n\n", "hidden\tx", "hiddenü", "hidden\0", "hidden\r"]
    )
    func unsound(_ content: String) throws {
        let fault = #expect(throws: UsageFault.self) { try secret(ofFile: content) }
        #expect(fault?.description.contains("hidden") == false)
        #expect(fault?.description.hasPrefix("file /") == true)
    }

    @Test("a file longer than any secret is not read to its end")
    func tooLong() throws {
        let most = String(repeating: "a", count: 8_192)
        let secret = try secret(ofFile: most)
        #expect(secret == most)
        let fault = #expect(throws: UsageFault.self) { try self.secret(ofFile: most + "a") }
        #expect(fault?.description.contains("is longer than 8192 bytes") == true)
        let endless = try VendorSecretOptions.parse(["--secret-file", "/dev/zero"])
        #expect(throws: UsageFault.self) { try endless.read() }
    }

    @Test("a file that is none is named", arguments: ["/nonexistent/secret", "/"])
    func noFile(_ path: String) throws {
        let options = try VendorSecretOptions.parse(["--secret-file", path])
        let fault = #expect(throws: UsageFault.self) { try options.read() }
        #expect(fault?.description.hasPrefix("file \(path) ") == true)
    }

    @Test("standard input is read to its end, in however many pieces it comes")
    func standardInput() throws {
        let options = try VendorSecretOptions.parse(["--secret-file", "-"])
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("vendor-".utf8))
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        let writer = Thread {
            // The second piece is written once the first has been read.
            var waiting: Int32 = 1
            while waiting > 0, ioctl(descriptor, UInt(FIONREAD), &waiting) == 0 { sched_yield() }
            try? pipe.fileHandleForWriting.write(contentsOf: Data("secret\n".utf8))
            try? pipe.fileHandleForWriting.close()
        }
        writer.start()
        let secret = try options.read(environment: [:], input: pipe.fileHandleForReading)
        #expect(secret == "vendor-secret")
    }

    @Test("a variable is named when it is missing or unsound, and its value is not shown")
    func variable() throws {
        let options = try VendorSecretOptions.parse(["--secret-env", "VENDOR_KEY"])
        let secret = try options.read(environment: ["VENDOR_KEY": "vendor-secret"])
        #expect(secret == "vendor-secret")
        for environment in [[:], ["VENDOR_KEY": ""], ["VENDOR_KEY": "hidden space"]] {
            let fault = #expect(throws: UsageFault.self) { try options.read(environment: environment) }
            #expect(fault?.description.hasPrefix("environment variable VENDOR_KEY ") == true)
            #expect(fault?.description.contains("hidden") == false)
        }
    }

    @Test("the token comes from its variable, which is named when there is none")
    func token() throws {
        let token = try AdminTokenVariable.read(["TOLLGATE_ADMIN_TOKEN": "token"])
        #expect(token == "token")
        for environment in [[:], ["TOLLGATE_ADMIN_TOKEN": ""], ["TOLLGATE_ADMIN_TOKEN": "hidden\n"]] {
            let fault = #expect(throws: UsageFault.self) { try AdminTokenVariable.read(environment) }
            #expect(fault?.description.contains("TOLLGATE_ADMIN_TOKEN") == true)
            #expect(fault?.description.contains("hidden") == false)
        }
    }
}
