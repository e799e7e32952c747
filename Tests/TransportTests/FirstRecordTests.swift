import Testing

@testable import Transport

@Suite("The first record of a TLS connection")
struct FirstRecordTests {
    @Test(
        "its length is told by its header; what is no handshake is for TLS to refuse",
        arguments: [
            ([], 5), ([22], 5), ([22, 3, 1, 0], 5), ([22, 3, 1, 0, 0], 5), ([22, 3, 1, 2, 0], 517),
            ([22, 3, 1, 2, 0, 1, 0], 517), ([22, 3, 1, 0x40, 0], 16_389), ([22, 3, 1, 0x40, 1], 0),
            ([22, 255, 255, 255, 255], 0), ([71], 0), ([0, 0, 0, 0, 0, 0], 0), ([23, 3, 3, 0, 1], 0),
        ] as [([UInt8], Int)]
    )
    func byteCount(bytes: [UInt8], expected: Int) {
        #expect(bytes.withUnsafeBytes { FirstRecord.byteCount($0) } == expected)
    }
}
