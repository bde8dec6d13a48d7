import ArgumentParser
import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("re-packing")
struct RepackTests {
    private func view(_ running: Bool, made: Bool, applied: Bool, proposal: Int64? = nil) -> RepackView {
        let move = RepackView.Move(
            of: "ord-7", count: 2, site: "s1", from: "h1", to: "h2",
            held: Window(start: OrderSample.noon, duration: .seconds(60)), vcpu: 2, memoryMiB: 2_048, running: running,
            made: made)
        return RepackView(
            applied: applied, moves: [move], largeSlotHours: 1.25, hostsEmptied: 1, stopped: nil, proposal: proposal,
            proposedAt: proposal.map { _ in OrderSample.noon }, inventoryVersion: proposal)
    }

    @Test("a proposal says its number, what moves, whether that runs, and what it wins")
    func text() {
        let stored = FleetRepackCommand.text(view(false, made: false, applied: false, proposal: 17))
        #expect(stored.hasPrefix("Proposal 17 of "))
        #expect(stored.hasSuffix("To be won: 1.3 hours of room for a 32C96G, 1 host emptied.\n"))
        #expect(FleetRepackCommand.text(view(true, made: true, applied: true)).contains("replacement on its way"))
        #expect(FleetRepackCommand.text(view(true, made: false, applied: false)).contains("running"))
        #expect(FleetRepackCommand.text(view(false, made: false, applied: true)).contains("not moved"))
    }

    @Test("flags that contradict each other are refused; the others are what is asked of the service")
    func flags() throws {
        for bad in [
            ["--newest", "--apply"], ["--proposal", "3"], ["--apply", "--proposal", "3", "--running"],
            ["--moves", "0"],
        ] {
            #expect(throws: (any Error).self, "\(bad)") { try FleetRepackCommand.parse(bad) }
        }
        #expect(try FleetRepackCommand.parse(["--newest"]).call().method == "GET")
        let call = try FleetRepackCommand.parse(["--apply", "--running", "--moves", "9"]).call()
        let body = String(decoding: call.body ?? [], as: UTF8.self)
        #expect(body.contains("\"running\":true") && body.contains("\"moves\":9") && !call.isRepeatable)
    }
}
