import Testing
import Vocabulary

@testable import Supervision

@Suite("What a service manager is told")
struct SupervisorMessageTests {
    @Test(
        "each message is the assignments of sd_notify(3)",
        arguments: [
            (.ready(status: "Clients on http://[::1]:8080"), "READY=1\nSTATUS=Clients on http://[::1]:8080"),
            (.reloading(at: MonotonicInstant(nanoseconds: 12_345_678)), "RELOADING=1\nMONOTONIC_USEC=12345"),
            (.stopping(status: "Draining"), "STOPPING=1\nSTATUS=Draining"),
            (.alive, "WATCHDOG=1"),
            (.moreTime(.milliseconds(40_250)), "EXTEND_TIMEOUT_USEC=40250000"),
            (.moreTime(.zero - .seconds(1)), "EXTEND_TIMEOUT_USEC=0"),
            (.moreTime(.seconds(Int64.max)), "EXTEND_TIMEOUT_USEC=9223372036854775"),
        ] as [(SupervisorMessage, String)]
    )
    func texts(_ message: SupervisorMessage, _ text: String) { #expect(message.text == text) }

    @Test("no text can begin an assignment of its own")
    func injection() {
        #expect(
            SupervisorMessage.ready(status: "a\nWATCHDOG=trigger\r\u{0}b").text
                == "READY=1\nSTATUS=a WATCHDOG=trigger  b"
        )
    }
}
