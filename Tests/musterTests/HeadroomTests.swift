import ArgumentParser
import CapacityAPI
import CapacityModel
import Testing

@testable import muster

@Suite("Headroom on the command line")
struct HeadroomTests {
    @Test("a size is a share or amounts, and nothing else")
    func size() throws {
        #expect(try HeadroomSize.parse(["--share", "0.2"]).fields == ["share": .number(0.2)])
        let amounts = try HeadroomSize.parse(["--vcpu", "500", "--gpu", "G2=4"]).fields
        #expect(
            amounts == [
                "amounts": .object([
                    "vcpu": .number(500), "gpu": .object(["model": .string("G2"), "count": .integer(4)]),
                ])
            ])
        #expect(throws: (any Error).self) { try HeadroomSize.parse([]) }
        #expect(throws: (any Error).self) { try HeadroomSize.parse(["--share", "0.2", "--vcpu", "1"]) }
        #expect(throws: (any Error).self) { try HeadroomSize.parse(["--gpu", "=4"]) }
    }

    @Test("a headroom is shown with what is protected and what others use of it")
    func shown() {
        let headroom = Headroom(
            site: "a", tenantClass: TenantClass(rawValue: "platinum"), size: .share(permille: 200), reason: "contract")
        let window = WindowView(Window(start: OrderSample.noon, duration: .seconds(3_600)))
        let view = HeadroomView(
            headroom, protected: Resources(vcpuMilli: 12_500, memoryMiB: 0), used: .zero, changedAt: OrderSample.noon,
            shortfall: ShortfallView(
                until: OrderSample.noon + .seconds(3_600),
                items: [ShortfallView.Item(host: "a-1", resource: "vcpu", missing: 1.5, window: window)], more: true))
        let text = HeadroomDescription.text(view)
        for word in ["platinum", "0.2", "12.5 vCPU", "a-1", "1.5", "There is more than this."] {
            #expect(text.contains(word), "\(word)")
        }
    }
}
