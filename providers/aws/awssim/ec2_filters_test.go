package awssim

import "testing"

func TestFilterValuesMatchAsEC2Documents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		patterns []string
		text     string
		want     bool
	}{
		{[]string{"webapp"}, "webapp", true},
		{[]string{"webapp"}, "Webapp", false},
		{[]string{"webapp"}, "webapp-1", false},
		{[]string{"webapp*"}, "webapp-1\n", true},
		{[]string{"*app*1"}, "webapp-21", true},
		{[]string{"m?.large"}, "m5.large", true},
		{[]string{"m?.large"}, "m.large", true},
		{[]string{"m?.large"}, "m5a.large", false},
		{[]string{`a\*b`}, "a*b", true},
		{[]string{`a\*b`}, "axb", false},
		{[]string{"a.b"}, "axb", false},
		{[]string{"one", "tw*"}, "two", true},
		{[]string{"na\xffme"}, "name", true},
		{[]string{""}, "", true},
		{nil, "", false},
	} {
		if got := matcher(test.patterns)(test.text); got != test.want {
			t.Errorf("%q matches %q: %v, want %v", test.patterns, test.text, got, test.want)
		}
	}
}

func TestOddMembersAreRefused(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{
		"NetworkInterface.1.Ipv6Addresses.1.Ipv6Address": true,
		"":                                  false,
		"Placement..Tenancy":                false,
		"Placement.":                        false,
		"Key Name":                          false,
		"<KeyName>":                         false,
		"A.A.A.A.A.A.A.A.A.A.A.A.A.A.A.A.A": false,
	} {
		if f := oddMember(map[string]string{name: "x"}); (f == nil) != known {
			t.Errorf("member %q: %v", name, f)
		}
	}
}

// A fleet of ten thousand groups reads all its templates in pages of 200.
func BenchmarkDescribeLatestVersionsOfAll(b *testing.B) {
	s := &Server{}
	r := s.at(place{DefaultAccount, "eu-west-1"})
	for range 10000 {
		r.addTemplate(r.newID("web"), map[string]string{"ImageId": "ami-0123456789abcdef0", "InstanceType": "m5.large"})
	}
	c := &call{action: "DescribeLaunchTemplateVersions", form: newForm(map[string][]string{"LaunchTemplateVersion.1": {"$Latest"}})}
	for b.Loop() {
		result, f := describeLaunchTemplateVersions(r, c)
		if f != nil {
			b.Fatal(f)
		}
		var text xmlText
		text.members(result)
	}
}
