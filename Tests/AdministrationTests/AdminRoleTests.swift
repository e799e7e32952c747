import Administration
import Testing

@Suite("Roles")
struct AdminRoleTests {
    @Test("each may do what those before it may, and is found by its name")
    func order() {
        #expect(AdminRole.viewer < .operator)
        #expect(AdminRole.operator < .admin)
        for role in AdminRole.allCases { #expect(AdminRole(name: role.name) == role) }
        #expect(AdminRole(name: "Admin") == nil)
    }
}
